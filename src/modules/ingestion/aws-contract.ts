import { z } from 'zod';
import { importChoices, month } from './contract.ts';

/** Which exports of AWS, and how they are reached. Only the owner says where they lie or with what rights they are read. */
const exportChoiceSchema = z.strictObject({
  /** Names of configured exports; all of them in scope by default. */
  exports: z.array(z.string().min(1).max(128)).min(1).max(1000).optional(),
  /** One that is not configured, instead. */
  adHoc: z
    .strictObject({
      uri: z
        .string()
        .max(4096)
        .regex(/^(s3:\/\/|\/)/, 'write s3://bucket/prefix or an absolute path'),
      exportName: z.string().min(1).max(200),
      /** Source of its months; the name of the export by default. */
      source: z.string().min(1).max(200).optional(),
    })
    .optional(),
  /** The rest counts for every export that is read, before what is configured. */
  kind: z.enum(['v1', 'v2']).optional(),
  profile: z.string().min(1).max(200).optional(),
  region: z.string().min(1).max(100).optional(),
  endpoint: z.string().min(1).max(1000).optional(),
  roleArn: z.string().min(1).max(2048).optional(),
});
export type ExportChoice = z.infer<typeof exportChoiceSchema>;

/** Which months of which exports to import. */
export const awsImportRequestSchema = exportChoiceSchema
  .extend({
    from: month.optional(),
    to: month.optional(),
    /** Import versions that are loaded already, too. */
    reset: z.boolean().default(false),
    ...importChoices,
  })
  .refine(({ exports, adHoc }) => exports === undefined || adHoc === undefined, {
    path: ['adHoc'],
    message: 'name configured exports or give one of your own, not both',
  });
export type AwsImportRequest = z.input<typeof awsImportRequestSchema>;
export type CheckedAwsImportRequest = z.infer<typeof awsImportRequestSchema>;
