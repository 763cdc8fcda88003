import type { Backend } from '../../src/usb/backend.js';
import type { ControlRequest } from '../../src/usb/control.js';
import type { ConfigurationsDevice, Fixture, FixtureDevice } from './fixture.js';

/** The devices of another fixture, as a client of a server sees them that exports them. */
export abstract class ExportedFixture<Local extends Fixture> implements Fixture {
  readonly unanswered: ControlRequest;
  protected readonly local: Local;

  constructor(local: Local) {
    this.local = local;
    this.unanswered = local.unanswered;
  }

  abstract get backend(): Backend;

  /** Exports the most recent device of the other fixture, and returns it as a client sees it. */
  protected abstract exported<Target extends FixtureDevice>(target: Target): Promise<Target>;

  counters = async () => this.exported(await this.local.counters());
  idle = this.counters;
  messages = async (size: number) => this.exported(await this.local.messages(size));
  silentAfter = async (bytes: number) => this.exported(await this.local.silentAfter(bytes));
  stallAfter = async (bytes: number) => this.exported(await this.local.stallAfter(bytes));
  loopback = async () => this.exported(await this.local.loopback());
  sink = async () => this.exported(await this.local.sink());
  interruptSink = async () => this.exported(await this.local.interruptSink());
  silentOutAfter = async (bytes: number) => this.exported(await this.local.silentOutAfter(bytes));
  stallOutAfter = async (bytes: number) => this.exported(await this.local.stallOutAfter(bytes));
  alternate = async () => this.exported(await this.local.alternate());

  async configurations(): Promise<ConfigurationsDevice> {
    return this.exported(await this.local.configurations());
  }

  unplug(device: FixtureDevice): Promise<void> {
    return this.local.unplug(device);
  }

  replug(device: FixtureDevice): Promise<void> {
    return this.local.replug(device);
  }

  authorize(device: FixtureDevice, isAuthorized: boolean): Promise<void> {
    return this.local.authorize(device, isAuthorized);
  }

  resetByOther(device: FixtureDevice): Promise<void> {
    return this.local.resetByOther(device);
  }
}
