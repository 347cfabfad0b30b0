// Whether a run gave what the page shows: its numbers to the letter, its figures to the eye.

const plurals = new Intl.PluralRules("ru")
export const lines = n => `${n} ${{ one: "строка", few: "строки" }[plurals.select(n)] ?? "строк"}`

// ---------------------------------------------------------------- numbers

const values = text => new Map(text.trimEnd().split("\n").map(line => {
  const cut = line.lastIndexOf(" = ")
  return cut < 0 ? [line, ""] : [line.slice(0, cut), line.slice(cut + 3)]
}))

/** Say how an output differs from the page's: { same, sentence, rows: [label, on the page, here] }. */
export function compareNumbers(here, page, edited) {
  const mine = values(here), theirs = values(page)
  const rows = []
  for (const [label, value] of theirs) {
    if (mine.get(label) !== value) rows.push([label, value, mine.get(label) ?? "нет"])
  }
  for (const [label, value] of mine) if (!theirs.has(label)) rows.push([label, "нет", value])
  if (!rows.length) return { same: true, sentence: "Все числа совпали с числами на странице.", rows }
  const why = edited ? "" : " Код тот же: другая сборка numpy иначе округляет, и где-то случайный выбор " +
    "качнулся в другую сторону."
  return { same: false, sentence: `Не совпало с числами на странице: ${lines(rows.length)} из ${theirs.size}.${why}`, rows }
}

// ---------------------------------------------------------------- figures

// Another matplotlib sets a tick or a legend a few units aside; at half the size four units are NEAR pixels
const SCALE = 0.5
const NEAR = 2
const FAINT = 110 // of 255: how much darker or lighter than all its surroundings a pixel may be

/** Say which figures differ from the page's, of [name, whether it looks the same] for each; null if there are none. */
export function compareFigures(figures) {
  if (!figures.length) return null
  const others = figures.filter(([, same]) => !same).map(([name]) => `${name}.svg`)
  const all = figures.length > 1 ? "Рисунки на вид те" : "Рисунок на вид тот"
  const sentence = others.length
    ? `Не так, как на странице, ${others.length > 1 ? "выглядят рисунки" : "выглядит рисунок"} ${others.join(", ")}.`
    : `${all} же, что на странице: линии не сдвинулись и на 1 % ширины.`
  return { same: !others.length, sentence }
}

/** Sum up verdicts, [what, { same }] each, in a sentence. */
export function summary(told) {
  if (!told.length) return ""
  const [same, other] = [true, false].map(like => told.filter(([, verdict]) => verdict.same === like).map(([what]) => what).join(" и "))
  const words = same ? `${same} те же, что на странице${other && `, ${other} не те`}.` : `${other} не те, что на странице.`
  return words[0].toUpperCase() + words.slice(1)
}

/**
 * Tell whether two SVG elements look the same: nothing of one is further than about 1 % of the width
 * from something alike in the other.
 */
export async function alike(one, other) {
  if (one.getAttribute("viewBox") !== other.getAttribute("viewBox")) return false
  const [a, b] = await Promise.all([one, other].map(pixels))
  return await within(a, b) && within(b, a)
}

async function pixels(svg) {
  const [, , width, height] = svg.getAttribute("viewBox").split(" ").map(each => Math.round(each * SCALE))
  const copy = svg.cloneNode(true)
  copy.setAttribute("width", width)
  copy.setAttribute("height", height)
  copy.style.background = "var(--md-default-bg-color)"
  const look = getComputedStyle(svg) // an image has no stylesheet: it takes the colours along
  for (const name of ["color", ...new Set(svg.outerHTML.match(/--[\w-]+/g)), "--md-default-bg-color"]) {
    copy.style.setProperty(name, look.getPropertyValue(name))
  }
  const image = new Image()
  image.src = `data:image/svg+xml,${encodeURIComponent(new XMLSerializer().serializeToString(copy))}`
  await new Promise((loaded, failed) => Object.assign(image, { onload: loaded, onerror: failed }))
  const canvas = Object.assign(document.createElement("canvas"), { width, height }).getContext("2d")
  canvas.drawImage(image, 0, 0, width, height)
  return { width, of: canvas.getImageData(0, 0, width, height).data }
}

/** Whether every pixel is between the lightest and the darkest of the other picture around it. */
async function within(a, b) {
  const low = await around(b, false), high = await around(b, true)
  return a.of.every((value, i) => low[i] - value <= FAINT && value - high[i] <= FAINT)
}

/** The greatest, or the least, that is NEAR each pixel; the page scrolls on between the two halves of the work. */
async function around({ width, of }, most) {
  for (const step of [4, 4 * width]) { // along the rows, then along the columns
    const from = of
    of = from.slice()
    for (let i = 0; i < of.length; i++) {
      const end = Math.min(i + NEAR * step, of.length - 1)
      for (let near = Math.max(i - NEAR * step, i % step); near <= end; near += step) {
        if (most ? from[near] > of[i] : from[near] < of[i]) of[i] = from[near]
      }
    }
    await new Promise(done => setTimeout(done))
  }
  return of
}
