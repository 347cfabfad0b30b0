// Python in a worker: Pyodide with numpy and matplotlib, then one program after another.
//
// In:  { pyodide, packages, files }, addresses, once, then { source, name, check } for each program.
// Out: { loading: words, bytes }, { ready: true }, { failed: text }, what session.py sends
//      ({ out }, { err }, { figure }, { error }, { verdict }), { done: whether it ended well }.

let words = ""
let bytes = 0
let told = 0
const say = next => postMessage({ loading: words = next, bytes })

// Pyodide fetches its files itself; each is counted as it comes, and goes to Pyodide as it is
const bareFetch = self.fetch
self.fetch = async (...request) => {
  const response = await bareFetch(...request)
  if (!response.ok) throw new Error(`${response.url}: ${response.status}`)
  count(response.clone().body)
  return response
}
async function count(body) {
  try {
    for (let reader = body.getReader(), part; !(part = await reader.read()).done;) {
      bytes += part.value.length
      if (performance.now() - told < 100) continue
      told = performance.now()
      say(words)
    }
  } catch { /* Pyodide reads the same body and says what is wrong */ }
}

const json = async address => (await fetch(address)).json()

/** Pyodide's lock without the packages that matplotlib lists and never imports: 1.6 MB less. */
function trimmed(lock, idle) {
  for (const each of Object.values(lock.packages)) {
    each.depends = each.depends.filter(name => !idle.includes(name))
  }
  return URL.createObjectURL(new Blob([JSON.stringify(lock)], { type: "application/json" }))
}

async function start({ pyodide, packages, files }) {
  say("Загружаю Python")
  const texts = Promise.all(files.map(async file => (await fetch(file)).text()))
  const [{ loadPyodide }, lock, { load, idle }] = await Promise.all([
    import(`${pyodide}pyodide.mjs`), json(`${pyodide}pyodide-lock.json`), json(packages),
  ])
  const home = "/home/reader"
  const python = await loadPyodide({
    indexURL: pyodide,
    packageBaseUrl: pyodide,
    lockFileURL: trimmed(lock, idle),
    packages: load,
    stdin: () => null, // there is nobody to ask: input() raises EOFError, which has its hint
    env: { HOME: home, MPLBACKEND: "svg", MATPLOTLIBRC: `${home}/site/matplotlibrc`, SOURCE_DATE_EPOCH: "0" },
  })
  say("Готовлю matplotlib")
  python.FS.mkdirTree(`${home}/site`)
  for (const [i, text] of (await texts).entries()) {
    python.FS.writeFile(`${home}/site/${files[i].replace(/.*\//, "")}`, text)
  }
  python.runPython(`import sys; sys.path.append("${home}/site")`)
  return python.pyimport("session")
}

let session
onmessage = async ({ data }) => {
  if (data.pyodide) {
    session = start(data)
    session.then(() => postMessage({ ready: true }), error => postMessage({ failed: String(error) }))
    return
  }
  const python = await session
  const send = (kind, ...values) => postMessage({ [kind]: values })
  try {
    postMessage({ done: python.run(data.source, data.name, send, data.check) })
  } catch (error) {
    postMessage({ failed: String(error) }) // Python itself has fallen; a new worker is needed
  }
}
