import { identifier } from '../../platform/warehouse/index.ts';
import type { CurColumns } from './cur-columns-sql.ts';

const always = `identity/LineItemId identity/TimeInterval
bill/InvoiceId bill/InvoicingEntity bill/BillingEntity bill/BillType bill/PayerAccountId bill/BillingPeriodStartDate bill/BillingPeriodEndDate
lineItem/UsageAccountId lineItem/LineItemType lineItem/UsageStartDate lineItem/UsageEndDate lineItem/ProductCode lineItem/UsageType
lineItem/Operation lineItem/AvailabilityZone lineItem/ResourceId lineItem/UsageAmount lineItem/NormalizationFactor
lineItem/NormalizedUsageAmount lineItem/CurrencyCode lineItem/UnblendedRate lineItem/UnblendedCost lineItem/BlendedRate lineItem/BlendedCost
lineItem/LineItemDescription lineItem/TaxType lineItem/LegalEntity
product/ProductName product/availability product/availabilityZone product/capacitystatus product/clockSpeed product/currentGeneration
product/databaseEngine product/dedicatedEbsThroughput product/deploymentOption product/durability product/ecu product/engineCode
product/enhancedNetworkingSupported product/feeCode product/feeDescription product/fromLocation product/fromLocationType
product/fromRegionCode product/group product/groupDescription product/instanceFamily product/instanceType product/instanceTypeFamily
product/licenseModel product/location product/locationType product/marketoption product/maxIopsvolume product/maxThroughputvolume
product/maxVolumeSize product/memory product/networkPerformance product/normalizationSizeFactor product/operatingSystem product/operation
product/physicalProcessor product/processorArchitecture product/productFamily product/region product/regionCode product/servicecode
product/servicename product/sku product/storage product/storageClass product/storageMedia product/tenancy product/toLocation
product/toLocationType product/toRegionCode product/transferType product/usagetype product/vcpu product/volumeApiName product/volumeType
pricing/LeaseContractLength pricing/OfferingClass pricing/PurchaseOption pricing/RateCode pricing/RateId pricing/currency
pricing/publicOnDemandCost pricing/publicOnDemandRate pricing/term pricing/unit
reservation/AmortizedUpfrontCostForUsage reservation/AmortizedUpfrontFeeForBillingPeriod reservation/EffectiveCost reservation/EndTime
reservation/ModificationStatus reservation/NumberOfReservations reservation/RecurringFeeForUsage reservation/ReservationARN
reservation/StartTime reservation/SubscriptionId reservation/TotalReservedUnits reservation/UnitsPerReservation
reservation/UnusedAmortizedUpfrontFeeForBillingPeriod reservation/UnusedQuantity reservation/UnusedRecurringFee reservation/UpfrontValue
savingsPlan/TotalCommitmentToDate savingsPlan/SavingsPlanARN savingsPlan/SavingsPlanRate savingsPlan/UsedCommitment
savingsPlan/SavingsPlanEffectiveCost savingsPlan/AmortizedUpfrontCommitmentForBillingPeriod
savingsPlan/RecurringCommitmentForBillingPeriod savingsPlan/StartTime savingsPlan/EndTime savingsPlan/InstanceTypeFamily
savingsPlan/OfferingType savingsPlan/PaymentOption savingsPlan/PurchaseTerm savingsPlan/Region
resourceTags/aws:eks:cluster-name resourceTags/user:Name resourceTags/user:app resourceTags/user:cost-center resourceTags/user:env
resourceTags/user:team`.split(/\s+/);

const net = `lineItem/NetUnblendedRate lineItem/NetUnblendedCost discount/BundledDiscount discount/EdpDiscount
discount/PrivateRateDiscount discount/TotalDiscount reservation/NetAmortizedUpfrontCostForUsage
reservation/NetAmortizedUpfrontFeeForBillingPeriod reservation/NetEffectiveCost reservation/NetRecurringFeeForUsage
reservation/NetUnusedAmortizedUpfrontFeeForBillingPeriod reservation/NetUnusedRecurringFee reservation/NetUpfrontValue
savingsPlan/NetSavingsPlanEffectiveCost savingsPlan/NetAmortizedUpfrontCommitmentForBillingPeriod
savingsPlan/NetRecurringCommitmentForBillingPeriod`.split(/\s+/);

const instants = new Set([
  'bill_billing_period_start_date',
  'bill_billing_period_end_date',
  'line_item_usage_start_date',
  'line_item_usage_end_date',
]);

/** Header of a CUR v1 file in AWS's spelling. Net columns exist only where a discount agreement does. */
export function cur1Header(withNet: boolean): readonly string[] {
  return withNet ? [...always, ...net] : always;
}

/** `lineItem/UnblendedCost` in the spelling of CUR 2.0: `line_item_unblended_cost`; `resourceTags/user:Name` is `resource_tags_user_name`. */
function snakeName(header: string): string {
  return header
    .replace('/', '_')
    .replace(/([A-Z])/g, '_$1')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_');
}

/** Select list of a CUR v1 row: every header in order, empty where the row has no such value. */
export function cur1Select(header: readonly string[], columns: CurColumns): string {
  return header
    .map((name) => {
      const key = snakeName(name);
      const sql = columns[key] ?? 'null';
      return `${instants.has(key) ? `strftime(${sql}, '%Y-%m-%dT%H:%M:%SZ')` : sql} as ${identifier(name)}`;
    })
    .join(',\n      ');
}
