/**
 * The real worker with a device, except that at its third task it ends its thread, or the device is lost: a graphics device
 * really is, that of this processor is said to be.
 */
import { workerData } from 'node:worker_threads';
import { end, work } from '../dist/evaluation/gpu/device-work.js';
import { serve } from '../dist/evaluation/gpu/serve-device.js';
import { openWebGpu } from '../dist/operators/gpu/dawn.js';

const { mode, largestBytes } = workerData.device;
let device;
if (mode === 'webgpu') {
  const gpu = await openWebGpu();
  const requestAdapter = gpu.requestAdapter.bind(gpu);
  gpu.requestAdapter = async (...options) => {
    const adapter = await requestAdapter(...options);
    const requestDevice = adapter.requestDevice.bind(adapter);
    adapter.requestDevice = async (...wishes) => {
      device = await requestDevice(...wishes);
      return device;
    };
    return adapter;
  };
}

let tasks = 0;

async function faulty(assignment) {
  if (assignment.kind !== 'device') tasks++;
  if (tasks < 3) return work(assignment);
  if (largestBytes !== undefined) process.exit(3);
  if (mode === 'webasm') return { kind: 'device-lost', reason: 'it was destroyed' };
  device.destroy();
  return work(assignment);
}

serve(faulty, end);
