/**
 * usbxfer as a library: open a device, and stream to and from its endpoints. docs/library.md is the guide.
 *
 * @packageDocumentation
 */

export type { ZeroLengthPackets } from './engine/send/sender.js';
export type {
  EndReason,
  FailureReason,
  Outcome,
  TransferFailure,
} from './engine/session/outcome.js';
export type { Gap } from './engine/stats/statistics.js';
export type { BackendChoice, BackendOptions } from './library/backends.js';
export type { BorrowedChunk } from './library/borrowed-chunk.js';
export type { ControlIn, ControlOut, ControlSetup } from './library/control.js';
export type { RequestOptions, UsbDevice } from './library/device.js';
export type { UsbDuplex } from './library/duplex.js';
export {
  type ListOptions,
  list,
  type OpenOptions,
  open,
  type WatchOptions,
  watch,
} from './library/open.js';
export type {
  DuplexOptions,
  ReadOptions,
  ReceiveStreamOptions,
  StreamOptions,
  WriteOptions,
} from './library/options.js';
export type { ReadStream } from './library/read-stream.js';
export type { UsbReadable } from './library/readable.js';
export type { WriteData } from './library/sources.js';
export type {
  DuplexStatistics,
  ReadStatistics,
  StreamStatistics,
  WriteStatistics,
} from './library/statistics.js';
export { StreamError, type StreamErrorCode } from './library/stream-error.js';
export type { UsbWritable } from './library/writable.js';
export type {
  Backend,
  ClaimOptions,
  ConfigurationOptions,
  DescriptorBytes,
  Device,
  DeviceLoss,
  DeviceState,
  Endpoint,
  Interface,
  InterfaceState,
  OnComplete,
  Transfer,
  TransferMemory,
} from './usb/backend.js';
export type { BusEvent } from './usb/bus-events.js';
export type { CheckId, CheckResult, CheckStatus } from './usb/check-result.js';
export type { ControlRequest } from './usb/control.js';
export {
  type PassThroughTarget,
  type Remedy,
  UsbError,
  type UsbErrorCode,
  type UsbErrorOptions,
} from './usb/errors.js';
export type {
  AlternateSetting,
  Configuration,
  DeviceFilter,
  DeviceInfo,
  Direction,
  EndpointDescriptor,
  TransferType,
} from './usb/model.js';
export type { TransferStatus } from './usb/transfer-status.js';
