import { type Command, Option } from 'commander';
import { writePage } from '../plot/page.js';
import { PageOutput } from '../plot/page-output.js';
import { readCharts } from '../plot/read-charts.js';
import { ShutdownController } from '../session/shutdown.js';

interface PlotOptions {
  readonly output: string;
  readonly force?: true;
}

/** `usbxfer plot` */
export function define(command: Command): void {
  command
    .argument('<file...>', 'files of --stats, --json or --index; - is stdin')
    .optionsGroup('Output:')
    .addOption(
      new Option('-o, --output <file>', 'page to write; - is stdout').makeOptionMandatory(),
    )
    .option('--force', 'overwrite an existing file')
    .action(plot);
}

/** @throws CliError if a file cannot be read or plotted, or the page cannot be written */
async function plot(files: readonly string[], { output, force }: PlotOptions): Promise<void> {
  const shutdown = new ShutdownController();
  try {
    const page = await PageOutput.open({ output, force, inputs: files }, shutdown);
    let html: string;
    try {
      html = await writePage(await readCharts(files, shutdown));
    } catch (error) {
      await page.discard();
      throw error;
    }
    const bytes = Buffer.byteLength(html);
    shutdown.follow({
      ...{ bytesDelivered: 0, bytesToWrite: bytes, bytesBeingWritten: bytes },
      progressSummary: () => 'the page is not complete',
    });
    await page.write(html);
  } finally {
    shutdown.dispose();
  }
}
