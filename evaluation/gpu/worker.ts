import { end, work } from './device-work.ts';
import { serve } from './serve-device.ts';

serve(work, end);
