// Builds the widget's bundle; `test` bundles the TypeScript tests and runs them, `watch` rebuilds.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import * as esbuild from "esbuild";

const here = import.meta.dirname;
const bundle = join(here, "../paramwidget/static/widget.js");

/** A stylesheet is imported as its text, without the blanks: it goes into the shadow root. */
const stylesheets = {
  name: "stylesheets",
  setup(build) {
    build.onLoad({ filter: /\.css$/ }, ({ path }) => {
      const text = readFileSync(path, "utf8");
      const target = ["chrome111", "firefox113", "safari16.4"];
      const { code } = esbuild.transformSync(text, { loader: "css", minify: true, target });
      return { contents: code, loader: "text" };
    });
  },
};

const common = {
  bundle: true,
  format: "esm",
  target: "es2022",
  jsx: "automatic",
  jsxImportSource: "preact",
  plugins: [stylesheets],
  logLevel: "warning",
};

const widget = {
  ...common,
  entryPoints: [join(here, "widget/src/index.ts")],
  outfile: bundle,
  minify: true,
  legalComments: "none",
};

async function test(names) {
  const folder = join(here, "widget/test");
  const out = mkdtempSync(join(here, "node_modules/.test-"));
  const files = readdirSync(folder).filter(
    (name) => name.endsWith(".test.ts") && (!names.length || names.some((n) => name.includes(n))),
  );
  try {
    await esbuild.build({
      ...common,
      entryPoints: files.map((name) => join(folder, name)),
      outdir: out,
      outExtension: { ".js": ".mjs" },
      platform: "node",
      sourcemap: "inline",
    });
    const built = files.map((name) => join(out, name.replace(/\.ts$/, ".mjs")));
    const args = ["--enable-source-maps", "--test", ...built];
    return spawnSync(process.execPath, args, { stdio: "inherit", cwd: here }).status ?? 1;
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

const [command, ...rest] = process.argv.slice(2);
if (command === "test") {
  process.exitCode = await test(rest);
} else if (command === "watch") {
  await (await esbuild.context(widget)).watch();
} else {
  await esbuild.build(widget);
  const bytes = readFileSync(bundle);
  const packed = gzipSync(bytes, { level: 9 }).length;
  console.log(`widget.js: ${bytes.length} bytes, ${packed} gzipped`);
}
