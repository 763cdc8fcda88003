import { execFileSync } from 'node:child_process';
import { UsbipBackend } from '../../../src/backends/usbip/client/backend.js';
import { ExportedFixture } from '../../contract/exported-fixture.js';
import type { FixtureDevice } from '../../contract/fixture.js';
import { learn } from '../../contract/usbip-fixture.js';
import { GadgetFixture } from './gadget-fixture.js';

/** The USB/IP client, against the kernel's server that exports the contract's gadgets. Runs in the guest. */
export class KernelUsbipFixture extends ExportedFixture<GadgetFixture> {
  readonly backend = new UsbipBackend({ host: '127.0.0.1', port: 3240 });

  /** @param speed a value of `gadget up --speed` */
  constructor(speed: string) {
    super(new GadgetFixture(speed));
    execFileSync('modprobe', ['usbip-host']);
    execFileSync('ip', ['link', 'set', 'lo', 'up']);
    execFileSync('bash', ['-c', 'pidof usbipd >/dev/null || usbipd -D']);
  }

  override async replug(device: FixtureDevice): Promise<void> {
    await super.replug(device);
    bind(device.info.path);
  }

  /** Removes the last device. */
  clear(): void {
    this.local.clear();
  }

  protected override async exported<Target extends FixtureDevice>(target: Target): Promise<Target> {
    bind(target.info.path);
    return { ...target, info: await learn(this.backend, target.info.path) };
  }
}

function bind(path: string): void {
  execFileSync('usbip', ['bind', '-b', path], { stdio: 'ignore' });
}
