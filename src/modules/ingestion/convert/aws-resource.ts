import { identifier } from '../../../platform/warehouse/index.ts';
import { type AwsWords, jsonObject, jsonText, plain, text } from './aws-words.ts';
import type { NativeColumns } from './native-columns.ts';
import type { ColumnRules, Rule } from './rules.ts';

/** Service, region and resource. */
export function resourceRules(native: NativeColumns): ColumnRules[] {
  const id = native.text('lineItem/ResourceId');
  const arnResource = `split_part(${id}, ':', 6)`;
  const name = nameTag(native);
  return [
    plain(
      'ServiceName',
      'string',
      'service',
      'Product name, else its code.',
      `coalesce(${native.text('product/ProductName', 'product/product_name')}, ${native.entry('product', 'product_name')}, ${native.text('product/servicename')}, ${native.entry('product', 'servicename')}, ${native.text('product/servicecode', 'lineItem/ProductCode')})`,
    ),
    plain(
      'ServiceCategory',
      'string',
      'service-category',
      'By product code; Other where we do not know it.',
      `coalesce(service.category, 'Other')`,
    ),
    plain('ServiceSubcategory', 'string', 'service-category', 'By product code.', 'service.subcategory'),
    plain(
      'RegionId',
      'string',
      'region',
      'As in product/regionCode, else product/region.',
      `coalesce(${native.text('product/regionCode', 'product/region')}, ${native.entry('product', 'region')})`,
    ),
    text('RegionName', 'region', native, 'product/location'),
    text('AvailabilityZone', 'availability-zone', native, 'lineItem/AvailabilityZone'),
    text('ResourceId', 'resource', native, 'lineItem/ResourceId'),
    plain('ResourceName', 'string', 'resource-name', 'The Name tag.', name),
    {
      column: 'ResourceType',
      type: 'string',
      rules: [
        {
          id: 'aws.resource-type.arn',
          says: "The type in the resource's ARN.",
          when: `${id}[1:4] = 'arn:' and contains(${arnResource}, '/')`,
          value: `split_part(${arnResource}, '/', 1)`,
        },
        {
          id: 'aws.resource-type.arn-service',
          says: "The service in the resource's ARN.",
          when: `${id}[1:4] = 'arn:'`,
          value: `split_part(${id}, ':', 3)`,
        },
        {
          id: 'aws.resource-type.instance',
          says: 'An EC2 instance id.',
          when: `${id}[1:2] = 'i-'`,
          value: `'instance'`,
        },
        {
          id: 'aws.resource-type.volume',
          says: 'An EBS volume id.',
          when: `${id}[1:4] = 'vol-'`,
          value: `'volume'`,
        },
      ],
    },
  ];
}

function nameTag(native: NativeColumns): string {
  return native.has('resource_tags')
    ? native.entry('resource_tags', 'user_name')
    : native.text('resourceTags/user:Name', 'resource_tags_user_name');
}
/** SKU, price and quantities. */
export function skuRules(native: NativeColumns, { lineType, unused, usage, money }: AwsWords): ColumnRules[] {
  const rule = (id: string, says: string, value: string, when: string): Rule => ({
    id: `aws.${id}`,
    says,
    value,
    when,
  });
  const amount = money('lineItem/UsageAmount');
  const unit = native.text('pricing/unit');
  const metered = (column: string, type: ColumnRules['type'], value: string, says: string): ColumnRules => ({
    column,
    type,
    rules: [rule('quantity.metered', says, value, usage)],
  });
  const priced = (column: string, type: ColumnRules['type'], as: Rule): ColumnRules => ({
    column,
    type,
    rules: [
      rule(
        'quantity.unused',
        'Nothing was priced: tax, a negation, or the unused part of a commitment.',
        'null',
        `${unused} or ${lineType} in ('Tax', 'SavingsPlanNegation')`,
      ),
      as,
    ],
  });
  return [
    text('SkuId', 'sku', native, 'product/sku'),
    text('SkuPriceId', 'sku-price', native, 'pricing/RateCode', 'pricing/RateId'),
    text('SkuMeter', 'sku-meter', native, 'lineItem/UsageType'),
    plain(
      'SkuPriceDetails',
      'json',
      'sku-details',
      'What the product columns say of the SKU, under the keys that FOCUS defines.',
      skuDetails(native),
    ),
    metered('ConsumedQuantity', 'decimal', amount, 'Usage only, never the unused part of a commitment.'),
    metered('ConsumedUnit', 'string', unit, 'The unit of the price.'),
    priced('PricingQuantity', 'decimal', {
      id: 'aws.quantity',
      says: 'As in lineItem/UsageAmount.',
      value: amount,
    }),
    priced('PricingUnit', 'string', { id: 'aws.unit', says: 'As in pricing/unit.', value: unit }),
    {
      column: 'PricingCategory',
      type: 'string',
      rules: [
        rule(
          'pricing.none',
          'Tax and credits have no price.',
          'null',
          `${lineType} in ('Tax', 'Credit', 'Refund')`,
        ),
        rule(
          'pricing.committed',
          'Covered by a commitment.',
          `'Committed'`,
          `${lineType} in ('SavingsPlanCoveredUsage', 'DiscountedUsage') or ${unused}`,
        ),
        rule(
          'pricing.dynamic',
          'Spot.',
          `'Dynamic'`,
          `contains(${native.text('lineItem/UsageType')}, 'SpotUsage') or ${native.text('pricing/PurchaseOption', 'product/marketoption')} = 'Spot'`,
        ),
        rule(
          'pricing.standard',
          'On demand, or the purchase itself.',
          `'Standard'`,
          `${lineType} in ('Usage', 'Fee', 'RIFee', 'SavingsPlanUpfrontFee', 'SavingsPlanRecurringFee')`,
        ),
        { id: 'aws.pricing.other', says: 'Any other.', value: `'Other'` },
      ],
    },
  ];
}

function skuDetails(native: NativeColumns): string {
  const product = (name: string, key: string) =>
    `coalesce(${native.text(`product/${name}`)}, ${native.entry('product', key)})`;
  const vcpu = `try_cast(${product('vcpu', 'vcpu')} as integer)::varchar`;
  const memory = `regexp_extract(${product('memory', 'memory')}, '^([0-9.]+) GiB$', 1)`;
  return jsonObject([
    ['InstanceType', jsonText(product('instanceType', 'instance_type'))],
    ['InstanceSeries', jsonText(product('instanceFamily', 'instance_family'))],
    ['CoreCount', vcpu],
    ['MemorySize', `nullif(${memory}, '')`],
    ['OperatingSystem', jsonText(product('operatingSystem', 'operating_system'))],
    ['StorageClass', jsonText(product('storageClass', 'storage_class'))],
  ]);
}
/** Tags, cost categories and discounts as JSON objects. */
export function tagRules(native: NativeColumns): ColumnRules[] {
  return [
    plain(
      'Tags',
      'json',
      'tags',
      "User tags under their own keys (the prefix `user:` is AWS's); AWS's tags keep `aws:`.",
      tagObject(native, 'resource_tags', ['resourceTags/', 'resource_tags_']),
    ),
    plain(
      'x_CostCategories',
      'string',
      'cost-categories',
      'Cost categories as a JSON object.',
      tagObject(native, 'cost_category', ['costCategory/', 'cost_category_']),
    ),
    plain(
      'x_Discounts',
      'string',
      'discounts',
      'Discounts as a JSON object.',
      tagObject(native, 'discount', ['discount/']),
    ),
  ];
}

function tagObject(native: NativeColumns, mapColumn: string, prefixes: readonly string[]): string {
  const found = native.find(mapColumn);
  if (found) {
    // A CUR 2.0 in CSV holds its maps as JSON text.
    const map = found.type.startsWith('MAP')
      ? identifier(found.name)
      : `try_cast(try_cast(${native.text(found.name)} as json) as map(varchar, varchar))`;
    const entries = `list_transform(map_entries(${map}), e -> to_json(regexp_replace(e.key, '^user[_:]', '')) || ':' || to_json(e.value))`;
    return `case when cardinality(${map}) > 0 then '{' || array_to_string(${entries}, ',') || '}' end`;
  }
  const columns = native.under(...prefixes);
  return jsonObject(
    columns.map(({ column, rest }) => [rest.replace(/^user[:_]/, ''), jsonText(native.text(column.name))]),
  );
}
