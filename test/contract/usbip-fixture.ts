import assert from 'node:assert/strict';
import { UsbipBackend } from '../../src/backends/usbip/client/backend.js';
import { UsbipServer } from '../../src/backends/usbip/server/server.js';
import type { Backend } from '../../src/usb/backend.js';
import { ExportedFixture } from './exported-fixture.js';
import type { FixtureDevice } from './fixture.js';
import { VirtualFixture } from './virtual-fixture.js';

/** The USB/IP client, against a server in the same process that exports the contract's virtual devices. */
export class UsbipFixture extends ExportedFixture<VirtualFixture> {
  readonly #servers: UsbipServer[] = [];
  #backend: Backend | undefined;

  constructor(circumstances: string) {
    super(new VirtualFixture(circumstances));
  }

  get backend(): Backend {
    assert(this.#backend !== undefined);
    return this.#backend;
  }

  /** Ends the servers. */
  async close(): Promise<void> {
    await Promise.all(this.#servers.map((server) => server.close('the test is over')));
  }

  protected override async exported<Target extends FixtureDevice>(target: Target): Promise<Target> {
    const { backend } = this.local;
    const options = { backend, isExported: () => true, onEvent() {} };
    const server = await UsbipServer.listen(options, '127.0.0.1', 0);
    this.#servers.push(server);
    const client = new UsbipBackend({ host: '127.0.0.1', port: server.port });
    this.#backend = client;
    return { ...target, info: await learn(client, target.info.path) };
  }
}

/** Returns all that a client knows about a device after it was open once. */
export async function learn(client: UsbipBackend, path: string) {
  const listed = (await client.list()).find((device) => device.path === path);
  assert(listed !== undefined, `${path} is not exported`);
  const info = await client.examine(listed);
  await (await client.open(info)).close();
  return info;
}
