// What a listing with a «Запустить» does: runs in a worker, shows what comes, turns into an editor.

import { alike, compareFigures, compareNumbers, lines, summary } from "./compare.js"

const TO_COMPARE = 12 // lines of difference that are shown
const at = file => new URL(file, import.meta.url)

const looks = Object.assign(document.createElement("link"), { rel: "stylesheet", href: at("run.css") })
const dressed = new Promise(done => { looks.onload = looks.onerror = done })
document.head.append(looks)

// ---------------------------------------------------------------- Python, one for the page

const python = {
  worker: null,
  busy: null, // who listens to the program that runs

  /** Start loading, unless it is loaded or on its way. */
  wake(pyodide) {
    if (this.worker) return
    const files = ["session.py", "svg.py", "matplotlibrc"].map(file => at(file).href)
    const worker = this.worker = new Worker(at("worker.js"), { type: "module" })
    this.pyodide = pyodide
    this.ready = false
    worker.onmessage = ({ data }) => {
      if (data.ready) this.ready = true
      if (data.failed) this.fail(data.failed)
      else this.busy?.(data)
    }
    worker.onerror = event => { event.preventDefault(); this.fail(event.message ?? "") }
    worker.postMessage({ pyodide, packages: at("packages.json").href, files })
  },
  fail(failed) {
    const { busy, ready } = this
    this.sleep()
    busy?.({ failed, loaded: ready })
  },
  sleep() {
    this.worker?.terminate()
    this.worker = this.busy = null
  },
  /** Run a program; `hear` is told what the worker says until the end. */
  run(source, name, check, hear) {
    this.busy = hear
    this.worker.postMessage({ source, name, check })
  },
  /** End the program that runs, and get ready for the next. */
  stop() {
    this.sleep()
    this.wake(this.pyodide)
  },
}
let queue = Promise.resolve() // two listings of a page run one after the other

// ---------------------------------------------------------------- links with code inside

const piped = async (bytes, stream) =>
  new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(stream)).arrayBuffer())

async function pack(text) {
  const bytes = await piped(new TextEncoder().encode(text), new CompressionStream("deflate-raw"))
  const binary = Array.from(bytes, byte => String.fromCharCode(byte)).join("")
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")
}

async function unpack(packed) {
  const binary = atob(packed.replaceAll("-", "+").replaceAll("_", "/"))
  const bytes = Uint8Array.from(binary, character => character.charCodeAt(0))
  return new TextDecoder().decode(await piped(bytes, new DecompressionStream("deflate-raw")))
}

const megabytes = bytes => `${(bytes / 1e6).toLocaleString("ru", { minimumFractionDigits: 1, maximumFractionDigits: 1 })} МБ`

/** Say why Python is no more, and what to do. */
function cause(failed, loaded, host) {
  if (/memory|allocation/i.test(failed)) return ["Python остановился: не хватило памяти.", "Уменьшите массивы и запустите снова."]
  if (/call stack|recursion/i.test(failed)) return ["Python остановился: слишком глубокая вложенность.", "Проверьте, где функция зовёт сама себя или список лежит в списке, и запустите снова."]
  if (loaded) return ["Python остановился.", "При следующем запуске он загрузится заново."]
  return [`Python не загрузился: ${host} не отвечает.`, "Проверьте связь и повторите."]
}

// ---------------------------------------------------------------- one listing

const element = (tag, properties = {}, ...inside) => {
  const made = Object.assign(document.createElement(tag), properties)
  made.append(...inside)
  return made
}

class Cell {
  constructor(listing, name, pyodide) {
    Object.assign(this, { listing, name, pyodide })
    this.code = listing.querySelector("pre > code")
    this.original = this.code.textContent.replace(/\n$/, "") + "\n"
    this.text = this.original
    this.key = `run ${location.pathname} ${name}`
    this.bar = listing.querySelector(".run-bar")
    for (const [act, label] of [["reset", "Вернуть как было"], ["share", "Ссылка на правку"]]) {
      const button = element("button", { type: "button", textContent: label, hidden: true })
      button.dataset.act = act
      button.setAttribute("aria-label", `${label}: ${name}`)
      this.bar.append(button)
    }
    this.status = element("span", { className: "run-status", role: "status" })
    this.bytes = element("span", { className: "run-bytes", ariaHidden: "true" })
    this.answer = element("a", { href: `#run-${name}`, textContent: "К ответу", hidden: true })
    this.bar.append(this.status, this.bytes, this.answer)
    this.output = element("section", { className: "run-output", hidden: true, id: `run-${name}` })
    this.output.setAttribute("aria-label", `Что ответил ${name}`)
    listing.after(this.output)
    this.page = this.expected()
    const titles = [...document.querySelectorAll(".highlight > .filename")]
    const check = titles.find(title => title.textContent === `проверка ${name}`)
    this.check = check?.parentElement.querySelector("code").textContent ?? ""
  }

  /** What the page says that the snippet prints. */
  expected() {
    for (let next = this.output.nextElementSibling; next && !/^H\d$/.test(next.tagName); next = next.nextElementSibling) {
      if (next.matches(".language-python")) return null
      if (next.matches(".highlight, .language-text")) return next.querySelector("code").textContent
    }
    return null
  }

  button(act) { return this.bar.querySelector(`[data-act=${act}]`) }
  get edited() { return this.text !== this.original }

  say(words, bytes = 0) {
    if (this.status.textContent !== words) this.status.textContent = words
    this.bytes.textContent = bytes ? megabytes(bytes) : ""
  }

  // ------------------------------------------------------------ running

  run() {
    if (this.turn) return
    const turn = this.turn = {}
    const button = this.button("run")
    button.textContent = "Стоп"
    button.setAttribute("aria-label", `Стоп: ${this.name}`)
    button.dataset.act = "stop"
    this.editor?.mark(0)
    this.output.replaceChildren()
    this.output.hidden = this.answer.hidden = true
    this.say("Ждёт, пока закончит другой пример")
    queue = queue.then(() => this.turn === turn && this.execute())
  }

  execute() {
    this.say("")
    this.printed = this.verdict = ""
    this.drawn = new Map() // figure → whether it looks as the page's
    return new Promise(end => {
      this.end = end
      python.wake(this.pyodide)
      python.run(this.text, this.name, this.check, data => this.hear(data))
      if (python.ready) this.count()
    })
  }

  stop() {
    if (this.end) python.stop()
    this.leave()
    this.say("Остановлено.")
  }

  /** The run is over, one way or another. */
  leave() {
    this.flush()
    this.end?.()
    this.turn = this.end = null
    this.answer.hidden = this.output.hidden
    const button = this.button("stop")
    button.textContent = "Запустить"
    button.setAttribute("aria-label", `Запустить ${this.name}`)
    button.dataset.act = "run"
  }

  count() {
    this.began = performance.now()
    this.say("Считаю…")
  }

  hear(data) {
    if (data.loading !== undefined && !python.ready) this.say(data.loading, data.bytes)
    if (data.ready) this.count()
    if (data.out || data.err) this.print(data.out ? "out" : "err", (data.out ?? data.err)[0])
    if (data.figure) this.draw(...data.figure)
    if (data.error) this.explain(...data.error)
    if (data.verdict) this.judge(...data.verdict)
    if (data.failed !== undefined) {
      this.leave()
      this.failed(data)
    }
    if (data.done !== undefined) {
      python.busy = null
      this.leave()
      this.finish(data.done)
    }
  }

  print(kind, text) {
    this.printed += kind === "out" ? text : ""
    this.waiting ??= []
    if (!this.waiting.length) requestAnimationFrame(() => this.flush())
    this.waiting.push([kind, text])
  }

  flush() {
    if (!this.waiting?.length) return
    this.output.hidden = false
    let pre = this.output.querySelector("pre")
    if (!pre) this.output.prepend(pre = element("pre", { tabIndex: 0 }))
    for (const [kind, text] of this.waiting) {
      if (pre.lastChild?.className !== kind) pre.append(element("span", { className: kind }))
      pre.lastChild.append(text)
    }
    this.waiting = []
  }

  draw(name, svg, caption) {
    this.output.hidden = false
    const original = document.getElementById(name)
    const figure = element("figure", { className: "figure" })
    figure.innerHTML = svg
    const words = element("figcaption", {}, element("b", { textContent: `${name}.svg. ` }), caption)
    if (original) words.append(" ", element("a", { href: `#${name}`, textContent: "На странице" }))
    figure.append(words)
    figure.dataset.name = name
    const old = this.output.querySelector(`[data-name="${CSS.escape(name)}"]`)
    if (old) old.replaceWith(figure)
    else this.output.append(figure)
    const [here, there] = [figure, original].map(each => each?.querySelector("svg"))
    if (there) this.drawn.set(name, alike(here, there).then(same => [name, same], () => null)) // null: no telling
  }

  explain(traceback, hint, line) {
    this.flush()
    this.output.hidden = false
    const box = element("div", { className: "run-error" }, element("pre", { textContent: traceback.trimEnd(), tabIndex: 0 }))
    if (hint) box.append(element("p", { textContent: hint }))
    if (line) {
      const go = element("button", { type: "button", textContent: `К строке ${line}` })
      go.onclick = () => this.edit({ line })
      box.append(go)
    }
    this.output.prepend(box)
    this.editor?.mark(line)
  }

  /** An exercise: whether the answer is right, or what is not. */
  judge(right, sentence) {
    this.flush()
    this.output.hidden = false
    this.verdict = sentence
    this.output.prepend(element("p", { className: right ? "run-right" : "run-wrong", textContent: sentence }))
  }

  async finish(well) {
    const time = ((performance.now() - this.began) / 1000).toLocaleString("ru", { maximumFractionDigits: 1 })
    if (!well) return this.say("Ошибка: что случилось, сказано ниже.")
    if (this.verdict) return this.say(this.verdict)
    const figures = compareFigures((await Promise.all(this.drawn.values())).filter(Boolean))
    if (this.turn) return // the next run has begun
    const numbers = this.page !== null && this.printed ? compareNumbers(this.printed, this.page, this.edited) : null
    const told = [["числа", numbers], ["рисунки", figures]].filter(([, verdict]) => verdict)
    this.say(`Готово за ${time} с. ${summary(told)}`)
    if (!told.length) return
    const box = element("div", { className: "run-verdict" }, ...told.map(([, { sentence }]) => element("p", { textContent: sentence })))
    if (numbers?.rows.length) box.firstChild.after(...this.table(numbers.rows))
    const pre = this.output.querySelector("pre")
    if (pre) pre.after(box)
    else this.output.prepend(box)
  }

  table(rows) {
    const cells = (tag, row) => element("tr", {}, ...row.map(text => element(tag, { textContent: text })))
    const table = element("table", {},
      element("thead", {}, cells("th", ["строка", "на странице", "здесь"])),
      element("tbody", {}, ...rows.slice(0, TO_COMPARE).map(row => cells("td", row))))
    const more = rows.length - TO_COMPARE
    return more > 0 ? [table, element("p", { textContent: `И ещё ${lines(more)}.` })] : [table]
  }

  failed({ failed, loaded }) {
    this.output.hidden = false
    const [what, todo] = cause(failed, loaded, new URL(this.pyodide).host)
    const again = element("button", { type: "button", textContent: "Повторить" })
    again.onclick = () => this.run()
    this.output.prepend(element("div", { className: "run-error" }, element("p", { textContent: `${what} ${todo}` }), again))
    this.say(what)
  }

  // ------------------------------------------------------------ editing

  async edit(where = {}) {
    if (!this.editor) this.bar.dataset.note = "Загружаю…"
    this.opening ??= import(at("editor.js")).then(({ createEditor }) => {
      this.listing.classList.add("run-editing")
      this.editor = createEditor(this.code.parentElement, {
        text: this.text,
        label: `Код ${this.name}. Ctrl+Enter — запустить, Escape и Tab — выйти`,
        changed: text => this.keep(text),
        run: () => this.run(),
      })
      this.button("edit").hidden = true
    }, () => {
      this.opening = null
      this.say("Редактор не загрузился: проверьте связь и нажмите ещё раз.")
    })
    await this.opening
    delete this.bar.dataset.note
    if (where) this.editor?.focus(where)
  }

  /** Take an edit over: to the device, to the copy button, to the bar. */
  keep(text) {
    this.text = text
    try {
      if (this.edited) localStorage.setItem(this.key, text)
      else localStorage.removeItem(this.key)
    } catch { /* the reader lets no site remember anything */ }
    this.listing.querySelector("[data-md-type=copy]")?.setAttribute("data-clipboard-text", text)
    this.button("reset").hidden = this.button("share").hidden = !this.edited
  }

  reset() {
    this.editor.text = this.original
    this.editor.focus()
    this.say("Код снова как на странице.")
  }

  async share() {
    const link = new URL(`#run=${this.name}:${await pack(this.text)}`, location.href).href
    try {
      await navigator.clipboard.writeText(link)
      this.say("Ссылка скопирована: код лежит в ней самой.")
    } catch {
      history.replaceState(null, "", link)
      this.say("Ссылка — в адресной строке: код лежит в ней самой.")
    }
  }

  saved() {
    try { return localStorage.getItem(this.key) } catch { return null }
  }

  /** Bring back what a link or the device holds. */
  async restore() {
    const link = `#run=${this.name}:`
    const hash = decodeURIComponent(location.hash)
    let text = this.saved()
    if (hash.startsWith(link)) {
      text = await unpack(hash.slice(link.length)).catch(() => {
        this.say("Ссылка испорчена: здесь код страницы.")
        return text
      })
      this.listing.scrollIntoView()
    }
    if (text === null || text === this.original) return
    this.text = text
    await this.edit(null)
    this.button("reset").hidden = this.button("share").hidden = false
    this.say("Здесь ваша правка.")
  }
}

/** Make a listing run; called once for each. */
export async function open(listing, name, pyodide) {
  const cell = new Cell(listing, name, pyodide)
  await dressed
  delete cell.bar.dataset.note
  await cell.restore()
  return cell
}
