import { unknownById } from '../../content/nothing-yet.ts';
import { faults } from '../../fault.ts';

export const getAbTest = unknownById('getAbTest', faults.abTestNotFound);
