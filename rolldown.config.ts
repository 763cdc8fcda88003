import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { defineConfig, type OutputOptions, type Plugin } from 'rolldown';

/*
 * The program. A start costs time for
 * each file that it loads, so the files of `src` become a few chunks. A group takes a module and all
 * that the module imports, unless a group before it has them already. Everything else is cut where
 * `src` imports dynamically: one chunk for each command, for the help, and so on.
 */
const groups = [
  // Every command.
  {
    name: 'base',
    test: /src\/(usb\/|cli\/(main|signals|terminal\/|options\/(parsers|device|backend)))/,
  },
  // A command that fails, or may have to tell the exit code of a failure.
  { name: 'errors', test: /src\/cli\/errors\// },
  // Commands that move data.
  {
    name: 'stream',
    test: /src\/(engine\/|cli\/(session\/|report\/|progress\/(?!bar)|options\/(plan|stream)))/,
  },
  // The simulated bus, of the backends without hardware.
  { name: 'simulation', test: /src\/backends\/simulation\// },
  { name: 'virtual', test: /src\/backends\/virtual\// },
];

/** The package that draws the charts in the page of `usbxfer plot`. */
const UPLOT = 'node_modules/uplot';

/** Writes LICENSES.txt: the licenses of the packages whose code is in the bundle or in the page. */
const licenses: Plugin = {
  name: 'licenses',
  generateBundle() {
    const folders = [...this.getModuleIds()]
      .map((id) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(id)?.[0])
      .filter((folder) => folder !== undefined)
      .concat(resolve(UPLOT));
    const texts = [...new Set(folders)].sort().map((folder) => {
      const name = folder.split('/node_modules/').at(-1) ?? folder;
      const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
      if (file === undefined) {
        throw new Error(`${name} has no license file`);
      }
      return `${name}\n\n${readFileSync(`${folder}/${file}`, 'utf8').trim()}\n`;
    });
    this.emitFile({ type: 'asset', fileName: 'LICENSES.txt', source: texts.join('\n\n') });
  },
};

/** Writes the style of the page of `usbxfer plot`. */
const pageStyle: Plugin = {
  name: 'page-style',
  generateBundle() {
    const own = ['page', 'charts', 'media'].map((name) => `src/cli/plot/page/style/${name}.css`);
    const files = [`${UPLOT}/dist/uPlot.min.css`, ...own];
    const style = files.map((file) => readFileSync(file, 'utf8')).join('\n');
    const source = style.replace(/\/\*.*?\*\//gs, '').replace(/\s+/g, ' ');
    this.emitFile({ type: 'asset', fileName: 'page.css', source });
  },
};

/** @param groups of the chunks, the first one wins */
function output(dir: string, chunks: typeof groups): OutputOptions {
  return {
    dir,
    cleanDir: true,
    chunkFileNames: '[name].js',
    comments: false,
    sourcemap: true,
    sourcemapExcludeSources: true,
    codeSplitting: {
      groups: chunks.map((group, i) => ({ ...group, priority: chunks.length - i })),
    },
  };
}

const common = {
  platform: 'node' as const,
  logLevel: 'warn' as const,
  // A native addon. The other packages are bundled: that is faster.
  external: ['usb'],
};

export default defineConfig([
  {
    ...common,
    input: { cli: 'src/cli/main.ts' },
    plugins: [licenses],
    output: output('dist', groups),
  },
  // The library is apart, so that it loads nothing of the program. It contains no package.
  {
    ...common,
    input: { index: 'src/index.ts', testing: 'src/testing/index.ts' },
    output: output('dist/library', [{ name: 'base', test: /src\/usb\// }]),
  },
  // The script of the page of `usbxfer plot`. The page contains uPlot, so it contains its license.
  {
    platform: 'browser',
    logLevel: 'warn',
    input: { page: 'src/cli/plot/page/main.ts' },
    tsconfig: 'src/cli/plot/page/tsconfig.json',
    plugins: [pageStyle],
    output: {
      dir: 'dist/plot',
      cleanDir: true,
      format: 'iife',
      minify: true,
      comments: false,
      postBanner: `/*! uPlot\n${readFileSync(`${UPLOT}/LICENSE`, 'utf8').trim()}\n*/`,
    },
  },
]);
