import { emptyList } from '../../content/nothing-yet.ts';

export const getAbTests = emptyList('getAbTests', 'contentReadOnly', 'abTests');
