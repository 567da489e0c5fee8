import { unknownById } from '../../content/nothing-yet.ts';
import { faults } from '../../fault.ts';

export const getVariant = unknownById('getVariant', faults.variantNotFound);
