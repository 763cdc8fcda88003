import { contractCases, holdsOverUsbip } from '../contract/contract.js';
import { testCases } from './guest/verdicts.js';
import { describeInLab } from './lab/lab.js';

describeInLab('the contract over USB/IP, against the kernel’s server', () => {
  const names = contractCases.filter(holdsOverUsbip).map(({ name }) => name);
  testCases(names, 'run-usbip-contract', 'high');
});
