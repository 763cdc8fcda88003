/** Descriptor and capability types (USB 3.2 §9.6.2), and where the fields are. */
const BOS = 0x0f;
const DEVICE_CAPABILITY = 0x10;
const SUPERSPEED_USB = 0x03;
const SUPERSPEED_PLUS = 0x0a;
const BOS_HEADER = 5;
const SPEEDS_SUPPORTED = 4;
const ATTRIBUTES = 4;
const FIRST_SUBLINK = 12;

/** By bit of wSpeedsSupported, in Mbit/s. */
const RATES = [1.5, 12, 480, 5000];

/**
 * The highest signalling rate that a device says it can do in its Binary Object Store, in Mbit/s on
 * one lane; undefined when it says nothing of it. What is malformed is left out.
 */
export function fastestRate(bos: Buffer): number | undefined {
  const rates: number[] = [];
  for (const capability of capabilitiesIn(bos)) {
    if (capability[2] === SUPERSPEED_USB && capability.length >= SPEEDS_SUPPORTED + 2) {
      const supported = capability.readUInt16LE(SPEEDS_SUPPORTED);
      rates.push(...RATES.filter((_, bit) => (supported & (1 << bit)) !== 0));
    } else if (capability[2] === SUPERSPEED_PLUS && capability.length >= FIRST_SUBLINK) {
      rates.push(...sublinkRates(capability));
    }
  }
  return rates.length === 0 ? undefined : Math.max(...rates);
}

function capabilitiesIn(bos: Buffer): Buffer[] {
  const capabilities: Buffer[] = [];
  if (bos.length < BOS_HEADER || bos[1] !== BOS) {
    return capabilities;
  }
  for (let at = BOS_HEADER; at + 3 <= bos.length; ) {
    const length = bos[at] ?? 0;
    if (length < 3 || at + length > bos.length) {
      break;
    }
    if (bos[at + 1] === DEVICE_CAPABILITY) {
      capabilities.push(bos.subarray(at, at + length));
    }
    at += length;
  }
  return capabilities;
}

/** USB 3.2 §9.6.2.5: as many attributes as bits 4..0 say, and one. */
function sublinkRates(capability: Buffer): number[] {
  const count = (capability.readUInt32LE(ATTRIBUTES) & 0x1f) + 1;
  const rates: number[] = [];
  for (let at = FIRST_SUBLINK; at + 4 <= capability.length && rates.length < count; at += 4) {
    const attribute = capability.readUInt32LE(at);
    const exponent = (attribute >>> 4) & 3;
    rates.push((attribute >>> 16) * 1000 ** (exponent - 2));
  }
  return rates;
}
