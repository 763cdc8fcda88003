import { expect, it } from 'vitest';
import { apiReport } from './api-report.js';

// A change of these files is a change for users: it belongs in CHANGELOG.md, and a removal in a new major
// version. `npm run build && npx vitest run test/docs/api.test.ts --update=all` writes them.
it.each([
  ['usbxfer', 'dist/types/index.d.ts'],
  ['usbxfer-testing', 'dist/types/testing/index.d.ts'],
])('%s exports what its report says', async (name, entry) => {
  const report = `\`\`\`ts\n${apiReport(entry)}\`\`\`\n`;
  expect(report).toMatch(/^export /m);
  await expect(report).toMatchFileSnapshot(`../../docs/api/${name}.md`);
});
