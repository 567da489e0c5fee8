import { unknownForUser } from '../../content/nothing-yet.ts';

export const startCampaign = unknownForUser('startCampaign', 'development', {
  parameter: 'campaignId',
  notFound: 'Campaign entity not found',
});
