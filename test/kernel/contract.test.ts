import { contractCases } from '../contract/contract.js';
import { testCases } from './guest/verdicts.js';
import { describeInLab } from './lab/lab.js';

describeInLab.each(['super', 'high'])('the contract over libusb at %s speed', (speed) => {
  const names = contractCases.map(({ name }) => name);
  testCases(names, 'run-contract', speed);
});
