import {
  bloomreachBatch,
  bloomreachCustomers,
  bloomreachEvent,
  bloomreachEvents,
  bloomreachLinks,
  bloomreachVisit,
} from './workloads/bloomreach.ts';
import {
  exportUser,
  leanplumMulti,
  leanplumTrack,
  prefill,
  sdkAttributes,
  sdkCall,
  sdkStart,
  sdkTrack,
} from './workloads/leanplum.ts';
import type { Workload } from './workloads/parts.ts';

export type WorkloadName =
  | 'multi50'
  | 'multi500'
  | 'batch10'
  | 'batch1'
  | 'links'
  | 'track'
  | 'event'
  | 'sdk'
  | 'start'
  | 'exportUser'
  | 'events'
  | 'visit'
  | 'prefill'
  | 'customers';

export function buildWorkload(name: WorkloadName): Workload {
  switch (name) {
    case 'multi50':
      return leanplumMulti(5, 10);
    case 'multi500':
      return leanplumMulti(50, 10);
    case 'batch10':
      return bloomreachBatch(5, 10);
    case 'batch1':
      return bloomreachBatch(50, 1);
    case 'links':
      return bloomreachLinks();
    case 'track':
      return leanplumTrack();
    case 'event':
      return bloomreachEvent();
    case 'sdk':
      return sdkCall([sdkStart(), ...Array.from({ length: 5 }, (_, nth) => sdkTrack(nth)), sdkAttributes()]);
    case 'start':
      return sdkCall([sdkStart()]);
    case 'exportUser':
      return exportUser();
    case 'events':
      return bloomreachEvents();
    case 'visit':
      return bloomreachVisit();
    case 'prefill':
      return prefill();
    case 'customers':
      return bloomreachCustomers();
  }
}
