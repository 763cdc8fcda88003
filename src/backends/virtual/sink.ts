import {
  type Answer,
  type EndpointFunction,
  type TransferMemory,
  wholePackets,
} from './endpoint-function.js';

/** The device's end of an OUT pipe that takes everything and keeps nothing. */
export class Sink implements EndpointFunction {
  size = 0;
  readonly ahead = Number.POSITIVE_INFINITY;
  readonly readyAt = Number.POSITIVE_INFINITY;
  readonly packetSize: number;

  /** @param packetSize bytes in a full packet */
  constructor(packetSize: number) {
    this.packetSize = packetSize;
  }

  transact(transfer: TransferMemory, limit: number): Answer {
    const rest = transfer.length - transfer.actualLength;
    this.size = rest <= limit ? rest : wholePackets(limit, this.packetSize);
    return rest === 0 ? 'end' : 'data';
  }

  acknowledge(): void {}

  powerOn(): void {}
}
