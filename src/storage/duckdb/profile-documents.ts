import { BIGINT, DuckDBTableFunction, VARCHAR } from '@duckdb/node-api';
import type { BlockReader } from './read-blocks.ts';

/**
 * `profile_documents()`: the profiles as the embedded store has them, read a piece at a time while the query goes on. So
 * it is no single moment: a profile that changes meanwhile is shown as it was or as it is.
 */
export function profileDocuments(reader: BlockReader): DuckDBTableFunction {
  return DuckDBTableFunction.create({
    name: 'profile_documents',
    bindFunction: (info) => {
      info.addResultColumn('id', BIGINT);
      info.addResultColumn('doc', VARCHAR);
    },
    initFunction: (info) => info.setInitData({ after: 0 }),
    mainFunction: (info, output) => {
      const state = info.initData as { after: number };
      const rows = reader.profilesAfter(state.after);
      output.rowCount = rows.length;
      if (rows.length === 0) return;
      const ids = output.getColumnVector(0);
      const documents = output.getColumnVector(1);
      for (const [index, { id, doc }] of rows.entries()) {
        ids.setItem(index, BigInt(id));
        documents.setItem(index, doc);
        state.after = id;
      }
      ids.flush();
      documents.flush();
    },
  });
}
