// What a link leads to, shown beside it while the pointer or the keyboard's focus rests on it.
const LINKS = "article a[href]:not(.headerlink, .md-button, [download])"
const LONGEST = 700 // signs of a preview
const HEADING = /^H[1-6]$/
const card = document.createElement("div")
card.className = "preview md-typeset"
card.setAttribute("role", "tooltip")
card.id = "preview"
card.hidden = true
document.body.append(card)

const pages = new Map([[location.pathname, Promise.resolve(document)]])
let link, timer

function page(url) {
  const read = () => fetch(url).then(answer => answer.ok ? answer.text() : Promise.reject())
  if (!pages.has(url.pathname)) {
    pages.set(url.pathname, read().then(html => new DOMParser().parseFromString(html, "text/html")))
  }
  return pages.get(url.pathname)
}

// The section that the address names, or the beginning of the page
function excerpt(doc, url) {
  const named = url.hash && doc.getElementById(decodeURIComponent(url.hash.slice(1)))
  const start = named || doc.querySelector("article h1")
  const part = document.createElement("div")
  let node = start?.childNodes.length || !named ? start : start.nextElementSibling // an empty id stands before its block
  while (node && part.textContent.length < LONGEST && (node === start || !HEADING.test(node.tagName))) {
    if (!node.matches("aside, script, details.code, .properties, .md-content__button")) part.append(node.cloneNode(true))
    if (named && !HEADING.test(start.tagName)) break
    node = node.nextElementSibling
  }
  for (const unwanted of part.querySelectorAll(".headerlink, details.code, button, nav")) unwanted.remove()
  for (const element of part.querySelectorAll("[id]")) element.removeAttribute("id")
  for (const image of part.querySelectorAll("img[src]")) image.src = new URL(image.getAttribute("src"), url)
  return part.textContent.trim() && part
}

async function show() {
  const asked = link
  const url = new URL(asked.href)
  const part = await page(url).then(doc => excerpt(doc, url)).catch(() => null)
  if (!part || asked !== link) return
  card.replaceChildren(part)
  card.hidden = false
  const at = asked.getBoundingClientRect()
  const above = at.bottom + card.offsetHeight + 8 > innerHeight && at.top > card.offsetHeight
  card.style.top = `${above ? at.top - card.offsetHeight - 6 : at.bottom + 6}px`
  card.style.left = `${Math.max(8, Math.min(at.left, innerWidth - card.offsetWidth - 8))}px`
  asked.setAttribute("aria-describedby", card.id)
}

function hide() {
  clearTimeout(timer)
  link?.removeAttribute("aria-describedby")
  link = undefined
  card.hidden = true
}

export function enter(event) {
  const found = event.target.closest?.(LINKS)
  if (found === link || (!found && card.contains(event.target))) return
  if (link) hide()
  const url = found && new URL(found.href)
  const elsewhere = url && (url.pathname !== location.pathname || /^#fn:/.test(url.hash))
  if (!elsewhere || url.origin !== location.origin || !url.pathname.endsWith("/")) return
  link = found
  timer = setTimeout(show, 250)
}

addEventListener("pointerover", event => event.pointerType === "mouse" && enter(event))
addEventListener("focusin", enter)
addEventListener("keydown", event => event.key === "Escape" && hide())
addEventListener("scroll", () => card.hidden || hide(), { passive: true }) // a focus may scroll to its link first
