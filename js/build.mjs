// Builds the widget's bundle and the JupyterLab extension; `test` bundles the TypeScript tests and
// runs them, `watch` rebuilds the widget.
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

/** One module, for the lab's own builder to wrap; the packages of JupyterLab stay imports. */
const lab = {
  bundle: true,
  format: "esm",
  target: "es2022",
  entryPoints: [join(here, "lab/src/index.ts")],
  outfile: join(here, "lab/lib/index.js"),
  external: ["@jupyterlab/*", "@lumino/*"],
  logLevel: "warning",
};

/** The prebuilt extension: what `jupyter labextension build` does, without a JupyterLab. */
async function buildLab() {
  await esbuild.build(lab);
  const made = join(here, "../paramwidget/labextension");
  rmSync(made, { recursive: true, force: true });
  const builder = join(here, "node_modules/@jupyter/builder/lib/build-labextension.js");
  const core = join(here, "node_modules/@jupyterlab/core-meta/core.package.json");
  const args = [builder, "--core-package-file", core, join(here, "lab")];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  if (status) throw new Error(`The extension's builder ended with ${status}.\n${stdout}${stderr}`);
  const sizes = readdirSync(join(made, "static"))
    .filter((name) => name.endsWith(".js"))
    .map((name) => readFileSync(join(made, "static", name)));
  const bytes = sizes.reduce((sum, { length }) => sum + length, 0);
  const packed = sizes.reduce((sum, data) => sum + gzipSync(data, { level: 9 }).length, 0);
  console.log(`labextension: ${bytes} bytes of scripts, ${packed} gzipped`);
}

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
  await buildLab();
}
