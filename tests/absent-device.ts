import { type DeviceMode, NoDevice } from '../operators/gpu/dawn.ts';
import { Device } from '../operators/gpu/device.ts';

/** Why there is no device of this mode here; undefined where there is one. */
export const absentDevice = (mode: DeviceMode): Promise<string | undefined> =>
  Device.open(mode).then(
    async (device) => {
      await device.close();
      return undefined;
    },
    (error: unknown) => {
      if (error instanceof NoDevice) return error.message;
      throw error;
    },
  );
