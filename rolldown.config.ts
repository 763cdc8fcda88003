import { defineConfig } from 'rolldown';

/*
 * The library and the program, in one build: what both need is there once. A start costs time for
 * each file that it loads, so the files of `src` become a few chunks. A group takes a module and all
 * that the module imports, unless a group before it has them already. Everything else is cut where
 * `src` imports dynamically: one chunk for each command, for the help, and so on.
 */
const groups = [
  // Every command.
  {
    name: 'base',
    test: /src\/(usb\/|cli\/(main|terminal\/|options\/(parsers|device|backend)))/,
  },
  // A command that fails, or may have to tell the exit code of a failure.
  { name: 'errors', test: /src\/cli\/errors\// },
  // Commands that move data.
  {
    name: 'stream',
    test: /src\/(engine\/|cli\/(session\/|report\/|progress\/(?!bar)|options\/(plan|stream)))/,
  },
  { name: 'virtual', test: /src\/backends\/virtual\// },
];

export default defineConfig({
  input: { index: 'src/index.ts', cli: 'src/cli/main.ts' },
  platform: 'node',
  logLevel: 'warn',
  // A native addon. The other packages are bundled: that is faster.
  external: ['usb'],
  output: {
    dir: 'dist',
    cleanDir: true,
    chunkFileNames: '[name].js',
    comments: false,
    sourcemap: true,
    sourcemapExcludeSources: true,
    codeSplitting: {
      groups: groups.map((group, i) => ({ ...group, priority: groups.length - i })),
    },
  },
});
