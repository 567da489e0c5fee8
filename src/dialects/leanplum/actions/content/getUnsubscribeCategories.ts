import { emptyList } from '../../content/nothing-yet.ts';

export const getUnsubscribeCategories = emptyList(
  'getUnsubscribeCategories',
  'contentReadOnly',
  'categories',
);
