import { unknownById } from '../../content/nothing-yet.ts';
import { faults } from '../../fault.ts';

export const getMessage = unknownById('getMessage', faults.messageNotFound);
