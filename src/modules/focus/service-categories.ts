/**
 * The standard's service taxonomy: 19 categories and 82 subcategories, each subcategory in one category.
 * Facts from the FOCUS specification 1.4 (FinOps Open Cost and Usage Specification), CC-BY-4.0.
 */

/** Subcategories by category, without the `Other (…)` that every category has. */
const named = {
  'AI and Machine Learning': [
    'AI Platforms',
    'Bots',
    'Generative AI',
    'Machine Learning',
    'Natural Language Processing',
  ],
  Analytics: [
    'Analytics Platforms',
    'Business Intelligence',
    'Data Processing',
    'Search',
    'Streaming Analytics',
  ],
  'Business Applications': ['Productivity and Collaboration'],
  Compute: ['Containers', 'End User Computing', 'Quantum Compute', 'Serverless Compute', 'Virtual Machines'],
  Databases: [
    'Caching',
    'Data Warehouses',
    'Ledger Databases',
    'NoSQL Databases',
    'Relational Databases',
    'Time Series Databases',
  ],
  'Developer Tools': [
    'Continuous Integration and Deployment',
    'Developer Platforms',
    'Development Environments',
    'Quality Assurance',
    'Source Code Management',
  ],
  Multicloud: ['Multicloud Integration'],
  Identity: ['Identity and Access Management'],
  Integration: ['API Management', 'Messaging', 'Workflow Orchestration'],
  'Internet of Things': ['IoT Analytics', 'IoT Platforms'],
  'Management and Governance': [
    'Architecture',
    'Compliance',
    'Cost Management',
    'Data Governance',
    'Disaster Recovery',
    'Endpoint Management',
    'Observability',
    'Support',
  ],
  Media: ['Content Creation', 'Gaming', 'Media Streaming', 'Mixed Reality'],
  Migration: ['Data Migration', 'Resource Migration'],
  Mobile: [],
  Networking: [
    'Application Networking',
    'Content Delivery',
    'Network Connectivity',
    'Network Infrastructure',
    'Network Routing',
    'Network Security',
  ],
  Security: ['Secret Management', 'Security Posture Management', 'Threat Detection and Response'],
  Storage: ['Backup Storage', 'Block Storage', 'File Storage', 'Object Storage', 'Storage Platforms'],
  Web: ['Application Platforms'],
  Other: [],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** The 19 values of ServiceCategory, in the standard's order. */
export const serviceCategories: readonly string[] = Object.keys(named);

/** ServiceSubcategory → its one ServiceCategory: `"Virtual Machines"` → `"Compute"`. */
export const categoryOfSubcategory: ReadonlyMap<string, string> = new Map(
  Object.entries(named).flatMap(([category, subcategories]) =>
    [...subcategories, `Other (${category})`].map((subcategory) => [subcategory, category] as const),
  ),
);

/** The 82 values of ServiceSubcategory. */
export const serviceSubcategories: readonly string[] = [...categoryOfSubcategory.keys()];
