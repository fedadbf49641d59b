/**
 * AWS product code → FOCUS ServiceCategory / ServiceSubcategory. Our own reading of what each service is;
 * the values are those of FOCUS 1.4 (FOCUS specification, CC-BY-4.0). A code that is not here becomes Other.
 */
const table = `
Compute / Virtual Machines: AmazonEC2 AmazonLightsail VMWareCloudOnAWS SimSpaceWeaver ComputeSavingsPlans AWSComputeOptimizer AWSOutposts AmazonEC2Dedicated
Compute / Serverless Compute: AWSLambda AWSAppRunner AWSBatch
Compute / Containers: AmazonECS AmazonEKS AmazonECR AmazonECRPublic
Compute / End User Computing: AmazonWorkSpaces AmazonWorkSpacesWeb AmazonAppStream AmazonWAM
Compute / Quantum Compute: AmazonBraket
Storage / Object Storage: AmazonS3 AmazonS3GlacierDeepArchive AmazonGlacier
Storage / Block Storage: AmazonEBS
Storage / File Storage: AmazonEFS AmazonFSx AWSStorageGateway AWSStorageGatewayDeepArchive
Storage / Backup Storage: AWSBackup
Databases / Relational Databases: AmazonRDS AmazonAurora AuroraDSQL
Databases / NoSQL Databases: AmazonDynamoDB AmazonDocDB AmazonMCS AmazonNeptune AmazonSimpleDB
Databases / Caching: AmazonElastiCache AmazonDAX AmazonMemoryDB
Databases / Data Warehouses: AmazonRedshift
Databases / Time Series Databases: AmazonTimestream
Databases / Ledger Databases: AmazonQLDB AmazonManagedBlockchain
Networking / Network Connectivity: AmazonVPC AWSDirectConnect AWSCloudWAN AWSPrivate5G AWSTransitGateway
Networking / Content Delivery: AmazonCloudFront AWSGlobalAccelerator
Networking / Network Routing: AmazonRoute53 AWSDataTransfer
Networking / Application Networking: AWSELB AWSAppMesh AWSCloudMap VpcLattice
Networking / Network Security: AWSNetworkFirewall
Analytics / Data Processing: AWSGlue ElasticMapReduce datapipeline AWSCleanRooms AWSLakeFormation AWSGlueElasticViews AWSEntityResolution
Analytics / Analytics Platforms: AmazonAthena AmazonFinSpace AWSDataExchange AmazonDataZone
Analytics / Business Intelligence: AmazonQuickSight
Analytics / Search: AmazonES AmazonCloudSearch AmazonKendra
Analytics / Streaming Analytics: AmazonKinesis AmazonKinesisAnalytics AmazonKinesisFirehose AmazonMSK
AI and Machine Learning / Generative AI: AmazonBedrock AmazonBedrockService AmazonQ AmazonCodeWhisperer
AI and Machine Learning / AI Platforms: AmazonSageMaker AmazonA2I AmazonEI AWSDeepRacer
AI and Machine Learning / Natural Language Processing: comprehend translate AmazonPolly transcribe AmazonTextract
AI and Machine Learning / Bots: AmazonLex
AI and Machine Learning / Machine Learning: AmazonRekognition AmazonForecast AmazonPersonalize AmazonFraudDetector AmazonLookoutMetrics AmazonLookoutVision AmazonLookoutEquipment AmazonMonitron AmazonHealthLake AmazonOmics
Integration / Messaging: AWSQueueService AmazonSNS AmazonMQ AWSEvents AmazonEventBridge
Integration / API Management: AmazonApiGateway AWSAppSync AppFlow
Integration / Workflow Orchestration: AmazonStates AmazonSWF AmazonMWAA
Security / Secret Management: awskms AWSSecretsManager CloudHSM AWSCertificateManager
Security / Threat Detection and Response: AmazonGuardDuty AmazonDetective AmazonInspector AmazonInspectorV2 AWSShield awswaf AWSFMS AmazonMacie
Security / Security Posture Management: AWSSecurityHub AmazonSecurityLake auditmanager AmazonVerifiedPermissions
Identity / Identity and Access Management: AmazonCognito AmazonCognitoSync AWSDirectoryService AWSIAMAccessAnalyzer
Management and Governance / Observability: AmazonCloudWatch AmazonPrometheus AmazonGrafana AWSXRay AmazonDevOpsGuru
Management and Governance / Compliance: AWSCloudTrail AWSConfig
Management and Governance / Cost Management: AWSCostExplorer AWSBudgets AWSBillingConductor
Management and Governance / Architecture: AWSCloudFormation AWSServiceCatalog AWSSystemsManager AWSResilienceHub OpsWorks
Management and Governance / Disaster Recovery: AWSElasticDisasterRecovery
Management and Governance / Support: AWSSupportBusiness AWSSupportEnterprise AWSSupportDeveloper AWSDeveloperSupport AWSEnterpriseOnRamp AWSPremiumSupport OCBPremiumSupport
Developer Tools / Continuous Integration and Deployment: CodeBuild AWSCodePipeline AWSCodeDeploy AWSCodeArtifact
Developer Tools / Source Code Management: AWSCodeCommit
Developer Tools / Quality Assurance: AWSDeviceFarm CodeGuru
Developer Tools / Developer Platforms: CodeCatalyst AWSProton
Developer Tools / Development Environments: AWSCloud9
Internet of Things / IoT Platforms: AWSIoT AWSIoT1Click AWSIoTEvents AWSGreengrass IoTDeviceManagement IoTDeviceDefender IoTTwinMaker AWSIoTFleetWise AWSIoTSiteWise AWSIoTThingsGraph
Internet of Things / IoT Analytics: AWSIoTAnalytics
Media / Content Creation: AWSElementalMediaConvert AmazonETS nimble
Media / Media Streaming: AWSElementalMediaLive AWSElementalMediaPackage AWSElementalMediaStore AWSElementalMediaTailor AWSMediaConnect AmazonIVS AmazonKinesisVideo
Media / Gaming: AmazonGameLift AmazonGameLiftStreams
Migration / Data Migration: AWSDatabaseMigrationSvc AWSDataSync AWSTransfer IngestionServiceSnowball SnowballExtraDays
Migration / Resource Migration: AWSApplicationMigrationSvc AWSM2
Business Applications / Productivity and Collaboration: AmazonWorkMail AmazonWorkDocs AmazonChime AmazonConnect ContactLensAmazonConnect AmazonSES AmazonPinpoint AmazonHoneycode AWSWickr A4B AmazonEndUserMessaging
Web / Application Platforms: AWSAmplify AWSElasticBeanstalk
Multicloud / Multicloud Integration: AWSTelcoNetworkBuilder
`;

/** One row per product code: [code, ServiceCategory, ServiceSubcategory]. */
export const awsServices: readonly (readonly [string, string, string])[] = table
  .trim()
  .split('\n')
  .flatMap((line) => {
    const [head = '', codes = ''] = line.split(': ');
    const [category = '', subcategory = ''] = head.split(' / ');
    return codes.split(' ').map((code) => [code, category, subcategory] as const);
  });
