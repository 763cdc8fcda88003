import type { GadgetFixture } from '../gadget-fixture.js';
import { queueCases } from './queues.js';
import { singleCases } from './singles.js';
import { unlinkCases } from './unlinks.js';

/** One case of the kernel's testusb, or two that usbxfer cannot distinguish. */
export interface TestusbCase {
  /** The number of the case in testusb, and what usbxfer does. */
  readonly name: string;
  /** Rejects if the case fails. */
  run(fixture: GadgetFixture): Promise<void>;
}

/** The cases of testusb for bulk and control transfers that need no process of their own. */
export const testusbCases: readonly TestusbCase[] = [...singleCases, ...queueCases, ...unlinkCases];
