#!/bin/bash
# Writes the name of this region's log group for the CloudWatch agent, which reads the file at every start:
# https://github.com/aws/amazon-cloudwatch-agent/blob/main/cmd/start-amazon-cloudwatch-agent/path.go
set -euo pipefail

template="${UNISHOP_ROOT:-}/opt/unishop/amazon-cloudwatch-agent.json"
config="${UNISHOP_ROOT:-}/opt/aws/amazon-cloudwatch-agent/etc/amazon-cloudwatch-agent.json"

sed "s|LOG_GROUP|$LOG_GROUP|" "$template" >"$config"
