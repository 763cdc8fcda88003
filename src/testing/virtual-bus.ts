import type { SimulatedBackend } from '../backends/simulation/backend.js';
import { VirtualBackend } from '../backends/virtual/backend.js';
import { parseScenario } from '../backends/virtual/scenario.js';

/**
 * Creates the bus of `--backend virtual`: a counter 1234:5678 at 1-1, whose EP 0x82 IN sends the 32-bit
 * words 0, 1, 2 and so on, and a loopback 1234:5679 at 1-2 from EP 0x01 OUT to EP 0x81 IN.
 *
 * @param scenario rates and faults, as in `--scenario`; see the manual page usbxfer(1)
 * @throws UsbError `invalid` with the first invalid clause
 */
export function createVirtualBus(scenario = ''): SimulatedBackend {
  return new VirtualBackend({ scenario: parseScenario(scenario) });
}
