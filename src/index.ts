/** usbxfer as a library: streams, inputs and outputs, the backends, and the contract of a backend. */

export { LibusbBackend } from './backends/libusb/backend.js';
export { UsbipBackend } from './backends/usbip/client/backend.js';
export {
  type ServerEvent,
  type ServerOptions,
  UsbipServer,
} from './backends/usbip/server/server.js';
export { VirtualBackend } from './backends/virtual/backend.js';
export { parseScenario } from './backends/virtual/scenario.js';
export type { OpenOptions } from './engine/device/open.js';
export type { Restart } from './engine/device/restart.js';
export {
  type FileRemedy,
  InputError,
  type InputErrorCode,
  OutputError,
  type OutputErrorCode,
} from './engine/io/errors.js';
export { FdSink } from './engine/io/fd-sink.js';
export { FdSource, type FdSourceOptions } from './engine/io/fd-source.js';
export { FileSink, type FileSinkOptions } from './engine/io/file-sink.js';
export { inheritedSource, openSource, type SourceOptions } from './engine/io/open-source.js';
export type { Sink, WriteDone } from './engine/io/sink.js';
export type { ReadDone, Source } from './engine/io/source.js';
export { type OpenPart, type SplitOptions, SplitSink } from './engine/io/split-sink.js';
export type {
  ObservedCompletion,
  ObservedSubmission,
  TransferObserver,
} from './engine/queue/observer.js';
export type { FlushOptions, ReceiveOptions } from './engine/receive/receiver.js';
export type { SendOptions, ZeroLengthPackets } from './engine/send/sender.js';
export { type CaptureRequest, type CaptureResult, capture } from './engine/session/capture.js';
export {
  type DuplexRequest,
  type DuplexResult,
  type DuplexStatistics,
  duplex,
} from './engine/session/duplex.js';
export { type EndReason, isClean, type Outcome } from './engine/session/outcome.js';
export type { RecoveryOptions } from './engine/session/recovery.js';
export type { StopConditions, StreamHooks } from './engine/session/run.js';
export { type SendRequest, type SendResult, send } from './engine/session/send.js';
export type { Gap, ReceiveStatistics, SendStatistics } from './engine/stats/statistics.js';
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
export type { ControlRequest, ControlTransfer } from './usb/control.js';
export { type Remedy, UsbError, type UsbErrorCode } from './usb/errors.js';
export {
  type EndpointLocation,
  type EndpointPair,
  type EndpointRequest,
  locateIn,
  locateOut,
  locatePair,
  type PairRequest,
} from './usb/locate.js';
export {
  type AlternateSetting,
  type Configuration,
  type DeviceFilter,
  type DeviceInfo,
  type Direction,
  type EndpointDescriptor,
  matches,
  type TransferType,
} from './usb/model.js';
export type { ServerAddress } from './usb/server-address.js';
export { TRANSFER_STATUSES, type TransferStatus } from './usb/transfer-status.js';
