/**
 * Opens the best device there is, lets it compute, and prints what it is as one line of JSON. A process of its own: a
 * driver that crashes or hangs ends this and nothing else.
 */
import { type Adapter, type DeviceMode, NoDevice } from './dawn.ts';
import { Device } from './device.ts';
import { gpuKernels } from './kernels.ts';

export interface Survey {
  readonly mode: DeviceMode | 'none';
  readonly adapter?: Adapter | undefined;
  /** Why it is not `webgpu`. */
  readonly passedOver?: { readonly reason: string; readonly remedy: string } | undefined;
}

async function survey(): Promise<Survey> {
  try {
    const { device, passedOver } = await Device.openBest();
    const [rows, columns] = [3, 1];
    const x = { rows, columns, cells: Float32Array.of(1, 2, 4) };
    const plan = device.plan([x], (series) => ({
      mean: device.run(
        gpuKernels.ts_mean.stages,
        { series: { x: series as object }, numbers: { s: 2 } },
        rows,
        columns,
      ),
    }));
    const { mean } = await plan.run();
    if (String([...mean]) === 'NaN,1.5,3')
      return { mode: device.mode, adapter: device.adapter, passedOver: passedOver && why(passedOver) };
    const reason = `${device.mode} computes ${[...mean]} where NaN,1.5,3 is right`;
    return { mode: 'none', passedOver: { reason, remedy: 'Update the driver of the graphics card' } };
  } catch (error) {
    if (!(error instanceof NoDevice)) throw error;
    return { mode: 'none', passedOver: why(error) };
  }
}

const why = ({ reason, remedy }: NoDevice) => ({ reason, remedy });

const answer = JSON.stringify(await survey());
// Dawn may keep the process waiting.
process.stdout.write(answer, () => process.exit());
