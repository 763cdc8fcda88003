/**
 * Simulated devices for tests of programs that use usbxfer.
 *
 * @packageDocumentation
 */

export type { DeviceEvent, SimulatedBackend } from '../backends/simulation/backend.js';
export type { SpeedName } from '../backends/simulation/bus/speed.js';
export type {
  DeviceDefinition,
  EndpointDefinition,
  TestFault,
  TestReply,
  TestRequest,
} from './definition.js';
export { TestBus, type TestBusOptions } from './test-bus.js';
export type { TestDevice } from './test-device.js';
export { createVirtualBus } from './virtual-bus.js';
