import { unknownForUser } from '../../content/nothing-yet.ts';

export const sendMessage = unknownForUser('sendMessage', 'production', {
  parameter: 'messageId',
  notFound: 'Message entity not found',
});
