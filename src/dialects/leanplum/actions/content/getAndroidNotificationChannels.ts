import { emptyList } from '../../content/nothing-yet.ts';

export const getAndroidNotificationChannels = emptyList(
  'getAndroidNotificationChannels',
  'production',
  'notificationChannels',
);
