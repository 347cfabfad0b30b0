/* A bar with «Запустить» at the foot of every whole listing. What stands behind it, from the look
 * of the output to Python itself, is asked for at the first click.
 */
(() => {
  const { src, dataset } = document.currentScript
  const able = location.protocol.startsWith("http") && window.Worker && window.WebAssembly &&
    window.DecompressionStream && CSS.supports("selector(:has(a))")
  if (!able) return
  const pyodide = new URL(dataset.pyodide, document.baseURI).href
  const saved = key => { try { return localStorage.getItem(key) } catch { return null } }
  for (const listing of document.querySelectorAll(".language-python:has(> .filename)")) {
    const name = listing.firstChild.textContent
    if (name.startsWith("проверка ")) continue // of an exercise: runs after it
    const bar = document.createElement("div")
    bar.className = "run-bar"
    for (const [act, label] of [["run", "Запустить"], ["edit", "Править"]]) {
      const button = Object.assign(document.createElement("button"), { type: "button", textContent: label })
      button.dataset.act = act
      button.setAttribute("aria-label", `${label} ${name}`)
      bar.append(button)
    }
    listing.append(bar)
    let cell
    const open = act => {
      if (!cell) bar.dataset.note = "Загружаю…"
      cell ??= import(new URL("run/main.js", src)).then(main => main.open(listing, name, pyodide))
      cell.then(act, () => {
        cell = null
        bar.dataset.note = "Не загрузилось: проверьте связь и нажмите ещё раз."
      })
    }
    bar.addEventListener("click", ({ target: { dataset: { act } } }) => act && open(it => it[act]()))
    listing.addEventListener("click", ({ target, clientX: x, clientY: y }) => {
      if (target.closest("pre > code") && getSelection().isCollapsed) open(it => it.edit({ x, y }))
    })
    if (decodeURIComponent(location.hash).startsWith(`#run=${name}:`) || saved(`run ${location.pathname} ${name}`)) open()
  }
})()
