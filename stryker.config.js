// The mutation tests of the engine and the USB vocabulary: npm run mutate. test/mutation/README.md describes them.

import { join } from 'node:path';

/**
 * Ignores the texts of errors, and the names in them: tests check the code and data of an error, and the
 * CLI has the words.
 */
function isErrorText(node, parent) {
  if (parent?.type === 'NewExpression') {
    return /Error$/.test(parent.callee.name);
  }
  return /^require[A-Z]/.test(parent?.callee?.name ?? '') && parent.arguments[0] === node;
}

export const strykerPlugins = [
  {
    kind: 'Ignore',
    name: 'error-text',
    value: {
      shouldIgnore: ({ node, parentPath: parent }) =>
        (node.type === 'StringLiteral' || node.type === 'TemplateLiteral') &&
        isErrorText(node, parent?.node)
          ? 'the text of an error'
          : undefined,
    },
  },
];

export default {
  testRunner: 'resident',
  plugins: [join(import.meta.dirname, 'test/mutation/plugin.js'), import.meta.filename],
  ignorers: ['error-text'],
  mutate: ['src/engine/**/*.ts', 'src/usb/**/*.ts'],
  coverageAnalysis: 'perTest',
  incremental: true,
  incrementalFile: 'build/mutation/incremental.json',
  tempDirName: 'build/mutation/sandbox',
  ignorePatterns: ['/bench', '/completions', '/dist', '/docs', '/man', '/schema', '/test/kernel'],
  tsconfigFile: 'none', // TypeScript 7 has no JavaScript API to read it with
  concurrency: 1,
  timeoutMS: 3_600_000, // the test runner finds mutants that hang, on a busy machine too
  reporters: ['clear-text', 'progress-append-only', 'json'],
  jsonReporter: { fileName: 'build/mutation/report.json' },
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
};
