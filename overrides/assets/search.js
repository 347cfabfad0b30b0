/* Russian word forms in the search box, and nothing of the search before the box is opened.
 *
 * The search worker looks for words that begin with what is typed, so «политики» misses «политика».
 * Here each Russian word of a query becomes its stem on the way to the worker. The stemmer writes
 * е for ё, so a stem is then looked up in the index and takes the spelling that it has there.
 *
 * Runs before Material's script, which asks for the index as soon as it starts.
 */
(() => {
  const SETUP = 0, QUERY = 2 // types of Material's messages to its worker
  const WORD = /[а-яё]+/gi
  const folder = new URL("vendor/snowball/", document.currentScript.src)
  const post = Worker.prototype.postMessage
  const { open, send } = XMLHttpRequest.prototype
  const opened = new Promise(resolve => document.getElementById("__search").addEventListener("change", resolve))
  let setUp
  const docs = new Promise(resolve => { setUp = resolve }) // the index, on its way to the worker
  let forms // stem → how words with this stem begin in the index
  let stem = word => word
  let loading

  XMLHttpRequest.prototype.open = function (method, url, ...rest) {
    this.waits = String(url).endsWith("search/search_index.json")
    return open.call(this, method, url, ...rest)
  }
  XMLHttpRequest.prototype.send = function (...body) {
    if (this.waits) opened.then(() => send.apply(this, body))
    else send.apply(this, body)
  }

  const script = name => new Promise((resolve, reject) => {
    const element = document.createElement("script")
    element.src = new URL(name, folder)
    element.onload = resolve
    element.onerror = reject
    document.head.append(element)
  })

  async function load() {
    await Promise.all([script("base-stemmer.js"), script("russian-stemmer.js")])
    const stemmer = new RussianStemmer()
    stem = word => stemmer.stemWord(word.toLowerCase())
    forms = new Map()
    const text = (await docs).map(doc => `${doc.title} ${doc.text}`).join(" ").toLowerCase()
    for (const word of new Set(text.match(WORD))) {
      if (!word.includes("ё")) continue
      const key = stem(word)
      if (!forms.has(key)) forms.set(key, new Set())
      forms.get(key).add(word.slice(0, key.length))
    }
    for (const word of new Set(text.match(WORD))) forms.get(stem(word))?.add(word.slice(0, stem(word).length))
  }

  const rewrite = query => query
    // "a b": the worker asks for whole words only, and only of the second on
    .replace(/"([^"]+)"/g, (_, phrase) => phrase.trim().replace(/(^|\s+)/g, " +"))
    .replace(WORD, (word, at, whole) => {
      const signed = /(^|\s)[+-]$/.test(whole.slice(0, at)) // the worker adds * to words without a sign
      const key = stem(word)
      return [...forms?.get(key) ?? [key]].map(form => form + (signed ? "*" : "")).join(" ")
    })

  // Material waits for a key; text also comes by pasting, dictation, a phone's suggestions
  document.addEventListener("input", ({ target }) => {
    if (target.matches(".md-search__input")) target.dispatchEvent(new KeyboardEvent("keyup"))
  })

  Worker.prototype.postMessage = function (message, ...rest) {
    if (message?.type === SETUP) setUp(message.data.docs)
    if (message?.type !== QUERY || !/[а-яё]/i.test(message.data)) return post.call(this, message, ...rest)
    loading ??= load().catch(() => {}) // without the stemmer: search as typed
    loading.then(() => post.call(this, { ...message, data: rewrite(message.data) }, ...rest))
  }
})()
