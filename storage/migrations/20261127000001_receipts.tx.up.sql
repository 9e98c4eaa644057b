-- When a receipt last told something of a campaign that is too old to be counted every few minutes.
ALTER TABLE crm_campaign_figures ADD COLUMN received_at timestamptz;
