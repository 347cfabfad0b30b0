// Bundles editor.js; its first line says of which sources, so that a test can tell a stale one.

import { createHash } from "node:crypto"
import { readFileSync } from "node:fs"
import { build } from "esbuild"

const sources = ["editor.js", "package.json", "package-lock.json"]
const made = createHash("sha256")
for (const file of sources) made.update(readFileSync(file))

await build({
  entryPoints: ["editor.js"],
  outfile: "../overrides/assets/run/editor.js",
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  legalComments: "none",
  banner: { js: `// CodeMirror (MIT, codemirror.net), bundled by editor/build.js from ${made.digest("hex")}` },
})
