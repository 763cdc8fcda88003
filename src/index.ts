/** usbxfer as a library: the contract, the engine, and the two backends. */

export { LibusbBackend } from './backends/libusb/backend.js';
export { createVirtualBackend } from './backends/virtual/backend.js';
export { parseScenario } from './backends/virtual/scenario.js';
export { type CaptureRequest, type CaptureResult, capture } from './transfer/capture.js';
export type { ControlMessages } from './transfer/control-messages.js';
export type { ConversationStatistics } from './transfer/conversation.js';
export { type End, type EndReason, isClean } from './transfer/end.js';
export { type ExchangeRequest, type ExchangeResult, exchange } from './transfer/exchange.js';
export { FdSink } from './transfer/fd-sink.js';
export { FdSource, type FdSourceOptions } from './transfer/fd-source.js';
export { FileSink, OutputError, type OutputErrorCode } from './transfer/file-sink.js';
export { type OpenEndpoint, openEndpoint } from './transfer/open-endpoint.js';
export {
  InputError,
  inheritedSource,
  openSource,
  type SourceOptions,
} from './transfer/open-source.js';
export { type Gap, ReceiveStatistics } from './transfer/receive-statistics.js';
export { type ReceiveOptions, Receiver } from './transfer/receiver.js';
export { type SendRequest, type SendResult, send } from './transfer/send.js';
export { SendStatistics } from './transfer/send-statistics.js';
export { Sender, type SendOptions, type ZeroLengthPackets } from './transfer/sender.js';
export type { Sink, WriteDone } from './transfer/sink.js';
export type { ReadDone, Source } from './transfer/source.js';
export { type OpenPart, type SplitOptions, SplitSink } from './transfer/split-sink.js';
export type { Statistics } from './transfer/statistics.js';
export type {
  Backend,
  ClaimOptions,
  Device,
  DeviceInfo,
  Endpoint,
  Interface,
  OnComplete,
  Transfer,
  TransferMemory,
} from './usb/backend.js';
export type { ControlMessage, ControlRequest } from './usb/control-request.js';
export type {
  AlternateSetting,
  Configuration,
  Direction,
  EndpointDescriptor,
  TransferType,
} from './usb/descriptors.js';
export { UsbError, type UsbErrorCode } from './usb/errors.js';
export {
  type EndpointLocation,
  type EndpointRequest,
  locateBulkIn,
  locateIn,
  locateOut,
} from './usb/locate-endpoint.js';
export { type EndpointPair, locatePair, type PairRequest } from './usb/locate-pair.js';
export { type DeviceFilter, matches } from './usb/select-device.js';
export { TRANSFER_STATUSES, type TransferStatus } from './usb/transfer-status.js';
