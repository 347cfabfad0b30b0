// Python in a worker: Pyodide with numpy and matplotlib, then one program after another.
//
// In:  { pyodide, files: { name: address } } once, then { source, name } for each program.
// Out: { loading: words, bytes }, { ready: true }, { failed: text }, what session.py sends
//      ({ out }, { err }, { figure }, { error }), { done: whether it ended well }.

const PACKAGES = ["numpy", "matplotlib"]
// matplotlib lists them, but what draws SVG never imports them; 1.6 MB
const IDLE = ["pytz", "fonttools", "matplotlib-pyodide"]

let words = ""
let bytes = 0
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
      postMessage({ loading: words, bytes })
    }
  } catch { /* Pyodide reads the same body and says what is wrong */ }
}

async function trimmedLock(address) {
  const lock = await (await fetch(address)).json()
  for (const name in lock.packages) {
    const kept = lock.packages[name].depends.filter(other => !IDLE.includes(other))
    lock.packages[name].depends = kept
  }
  return URL.createObjectURL(new Blob([JSON.stringify(lock)], { type: "application/json" }))
}

async function load({ pyodide, files }) {
  say("Загружаю Python")
  const texts = Promise.all(Object.values(files).map(async file => (await fetch(file)).text()))
  const [{ loadPyodide }, lockFileURL] = await Promise.all([
    import(`${pyodide}pyodide.mjs`), trimmedLock(`${pyodide}pyodide-lock.json`),
  ])
  const home = "/home/reader"
  const python = await loadPyodide({
    indexURL: pyodide,
    packageBaseUrl: pyodide,
    lockFileURL,
    packages: PACKAGES,
    env: { HOME: home, MPLBACKEND: "svg", MATPLOTLIBRC: `${home}/site/matplotlibrc`, SOURCE_DATE_EPOCH: "0" },
  })
  say("Готовлю matplotlib")
  python.FS.mkdirTree(`${home}/site`)
  Object.keys(files).forEach((name, i) => texts.then(all => python.FS.writeFile(`${home}/site/${name}`, all[i])))
  await texts
  python.runPython(`import sys; sys.path.append("${home}/site")`)
  return python.pyimport("session")
}

let session
onmessage = async ({ data }) => {
  if (data.pyodide) {
    session = load(data)
    session.then(() => postMessage({ ready: true }), error => postMessage({ failed: String(error) }))
    return
  }
  const python = await session
  const send = (kind, ...values) => postMessage({ [kind]: values })
  try {
    postMessage({ done: python.run(data.source, data.name, send) })
  } catch (error) {
    postMessage({ failed: String(error) }) // Python itself has fallen; a new worker is needed
  }
}
