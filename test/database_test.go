package test

import (
	"strings"

	"unishop-pilot-light/internal/config"
)

var databasePromises = map[string]promise{
	"the cluster that joins brings no user, password, database name or source: RDS refuses them": {
		check: func(s system) (c complaints) {
			refused := []string{"MasterUsername", "MasterUserPassword", "ManageMasterUserPassword", "MasterUserSecret", "DatabaseName",
				"SnapshotIdentifier", "ReplicationSourceIdentifier", "SourceDBClusterIdentifier"}
			for _, m := range modes {
				t := s[m][config.Secondary]
				_, cluster := t.one("AWS::RDS::DBCluster")
				for _, property := range refused {
					c.unless(cluster.props()[property] == nil, "failover=%s: %s", m, property)
				}
				secrets := t.of("AWS::SecretsManager::Secret", "AWS::SecretsManager::SecretTargetAttachment")
				c.unless(len(secrets) == 0, "failover=%s: a secret beside the replica: %v", m, keys(secrets))
			}
			return c
		},
		ways: map[string]func(system){
			"a user":          func(s system) { joining(s).props()["MasterUsername"] = "unishop" },
			"a password":      func(s system) { joining(s).props()["MasterUserPassword"] = "{{resolve:secretsmanager:x}}" },
			"a managed one":   func(s system) { joining(s).props()["ManageMasterUserPassword"] = true },
			"a database name": func(s system) { joining(s).props()["DatabaseName"] = "unishop" },
			"a snapshot":      func(s system) { joining(s).props()["SnapshotIdentifier"] = "last" },
			"an orphan secret": func(s system) {
				s[atHome][config.Secondary].section("Resources")["Secret"] = map[string]any{"Type": "AWS::SecretsManager::Secret"}
			},
		},
	},
	"the password is only ever in the secret, which is replicated to the secondary's region": {
		check: func(s system) (c complaints) {
			for _, m := range modes {
				id, secret := s[m][config.Primary].one("AWS::SecretsManager::Secret")
				c.unless(text(secret.props()["ReplicaRegions"]) == `[{"Region":"us-west-1"}]`, "failover=%s: replicas %s", m, text(secret.props()["ReplicaRegions"]))
				c.unless(secret.props()["SecretString"] == nil, "failover=%s: the secret is in the template", m)
				_, cluster := s[m][config.Primary].one("AWS::RDS::DBCluster")
				password := render(cluster.props()["MasterUserPassword"])
				c.unless(password == "{{resolve:secretsmanager:${"+id+"}:SecretString:password::}}", "failover=%s: password %s", m, password)
				c.unless(cluster.props()["ManageMasterUserPassword"] == nil, "failover=%s: RDS manages no password in a global database", m)
			}
			return c
		},
		ways: map[string]func(system){
			"no replica": func(s system) {
				_, secret := s[atHome][config.Primary].one("AWS::SecretsManager::Secret")
				delete(secret.props(), "ReplicaRegions")
			},
			"a plain password":   func(s system) { first(s).props()["MasterUserPassword"] = "correct horse" },
			"a managed password": func(s system) { first(s).props()["ManageMasterUserPassword"] = true },
			"a plain secret": func(s system) {
				_, secret := s[planned][config.Primary].one("AWS::SecretsManager::Secret")
				secret.props()["SecretString"] = "correct horse"
			},
		},
	},
	"there is one engine and one version, which AWS does not change by itself": {
		check: func(s system) (c complaints) {
			s.each(func(where string, _ mode, _ config.Side, t template) {
				clusters, instances := t.of("AWS::RDS::GlobalCluster", "AWS::RDS::DBCluster"), t.of("AWS::RDS::DBInstance")
				c.all(where, clusters, "aurora-mysql", "Properties", "Engine")
				c.all(where, clusters, "8.0.mysql_aurora.3.10.4", "Properties", "EngineVersion")
				c.all(where, instances, "aurora-mysql", "Properties", "Engine")
				c.all(where, instances, nil, "Properties", "EngineVersion") // the cluster's
				c.all(where, instances, false, "Properties", "AutoMinorVersionUpgrade")
			})
			return c
		},
		ways: map[string]func(system){
			"a newer reader": func(s system) { joining(s).props()["EngineVersion"] = "8.0.mysql_aurora.3.12.0" },
			"a newer global cluster": func(s system) {
				global(s).props()["EngineVersion"] = "8.0.mysql_aurora.3.12.0"
			},
			"the version that AWS likes": func(s system) { delete(first(s).props(), "EngineVersion") },
			"an upgrade by night": func(s system) {
				_, instance := s[atHome][config.Primary].one("AWS::RDS::DBInstance")
				instance.props()["AutoMinorVersionUpgrade"] = true
			},
		},
	},
	"both clusters join the one global cluster by its identifier, each under another name": {
		check: func(s system) (c complaints) {
			s.each(func(where string, m mode, side config.Side, t template) {
				globalID, g := s[m][config.Primary].one("AWS::RDS::GlobalCluster")
				name, _ := g.props()["GlobalClusterIdentifier"].(string)
				c.unless(name != "", "%s: the global cluster has no explicit name", where)
				_, cluster := t.one("AWS::RDS::DBCluster")
				joins := cluster.props()["GlobalClusterIdentifier"]
				c.unless(joins == name || side == config.Primary && named(joins) == globalID, "%s: joins %s", where, text(joins))
				own, _ := cluster.props()["DBClusterIdentifier"].(string)
				_, other := s[m][side.Other()].one("AWS::RDS::DBCluster")
				c.unless(own != "" && own != other.props()["DBClusterIdentifier"], "%s: cluster identifier %q", where, own)
			})
			return c
		},
		ways: map[string]func(system){
			"a lonely first cluster": func(s system) { delete(first(s).props(), "GlobalClusterIdentifier") },
			"a lonely reader":        func(s system) { delete(joining(s).props(), "GlobalClusterIdentifier") },
			"another global cluster": func(s system) { joining(s).props()["GlobalClusterIdentifier"] = "other" },
			"equal names":            func(s system) { joining(s).props()["DBClusterIdentifier"] = "unishop-primary" },
			"a name by AWS":          func(s system) { delete(joining(s).props(), "DBClusterIdentifier") },
		},
	},
	"the global cluster is made from an engine: a source cluster would no longer be true after a swap": {
		check: func(s system) (c complaints) {
			s.each(func(where string, _ mode, side config.Side, t template) {
				found := t.of("AWS::RDS::GlobalCluster")
				c.unless((len(found) == 1) == (side == config.Primary), "%s: %d global clusters", where, len(found))
				c.all(where, found, nil, "Properties", "SourceDBClusterIdentifier")
				c.all(where, found, "aurora-mysql", "Properties", "Engine")
			})
			return c
		},
		ways: map[string]func(system){
			"a source": func(s system) {
				delete(global(s).props(), "Engine")
				global(s).props()["SourceDBClusterIdentifier"] = "unishop-primary"
			},
			"a second global cluster": func(s system) {
				s[planned][config.Secondary].section("Resources")["Global"] = map[string]any(global(s))
			},
		},
	},
	"each cluster is encrypted with a key in its region, which is rotated": {
		check: func(s system) (c complaints) {
			s.each(func(where string, _ mode, _ config.Side, t template) {
				c.all(where, t.of("AWS::RDS::GlobalCluster", "AWS::RDS::DBCluster"), true, "Properties", "StorageEncrypted")
				id, _ := t.one("AWS::KMS::Key")
				c.all(where, t.of("AWS::KMS::Key"), true, "Properties", "EnableKeyRotation")
				c.all(where, t.of("AWS::KMS::Key"), nil, "Properties", "MultiRegion")
				_, cluster := t.one("AWS::RDS::DBCluster")
				c.unless(render(cluster.props()["KmsKeyId"]) == "${"+id+".Arn}", "%s: key %s", where, text(cluster.props()["KmsKeyId"]))
			})
			return c
		},
		ways: map[string]func(system){
			"plain storage":     func(s system) { global(s).props()["StorageEncrypted"] = false },
			"no key":            func(s system) { delete(joining(s).props(), "KmsKeyId") },
			"the primary's key": func(s system) { joining(s).props()["KmsKeyId"] = "arn:aws:kms:us-east-1:111122223333:key/1" },
			"a multi-region key": func(s system) {
				_, key := s[atHome][config.Primary].one("AWS::KMS::Key")
				key.props()["MultiRegion"] = true
			},
			"a key for ever": func(s system) {
				_, key := s[atHome][config.Secondary].one("AWS::KMS::Key")
				delete(key.props(), "EnableKeyRotation")
			},
		},
	},
	"each cluster has one private instance, of one class that may join a global database": {
		check: func(s system) (c complaints) {
			_, home := s[atHome][config.Primary].one("AWS::RDS::DBInstance")
			s.each(func(where string, _ mode, _ config.Side, t template) {
				clusterID, _ := t.one("AWS::RDS::DBCluster")
				_, instance := t.one("AWS::RDS::DBInstance")
				class, _ := instance.props()["DBInstanceClass"].(string)
				c.unless(class != "" && !strings.HasPrefix(class, "db.t"), "%s: class %q", where, class)
				c.unless(class == home.props()["DBInstanceClass"], "%s: class %q differs", where, class)
				c.unless(named(instance.props()["DBClusterIdentifier"]) == clusterID, "%s: not of the cluster", where)
				c.unless(instance.props()["PubliclyAccessible"] == false, "%s: public", where)
			})
			return c
		},
		ways: map[string]func(system){
			"a burstable class": func(s system) {
				s.each(func(_ string, _ mode, _ config.Side, t template) {
					_, instance := t.one("AWS::RDS::DBInstance")
					instance.props()["DBInstanceClass"] = "db.t4g.large"
				})
			},
			"a smaller standby": func(s system) {
				_, instance := s[atHome][config.Secondary].one("AWS::RDS::DBInstance")
				instance.props()["DBInstanceClass"] = "db.r6g.medium"
			},
			"a headless standby": func(s system) {
				id, _ := s[atHome][config.Secondary].one("AWS::RDS::DBInstance")
				delete(s[atHome][config.Secondary].section("Resources"), id)
			},
			"a public address": func(s system) {
				_, instance := s[failover][config.Secondary].one("AWS::RDS::DBInstance")
				instance.props()["PubliclyAccessible"] = true
			},
		},
	},
	"backups are kept for seven days in both regions: so long live the writes that a failover lost": {
		check: func(s system) (c complaints) {
			s.each(func(where string, _ mode, _ config.Side, t template) {
				c.all(where, t.of("AWS::RDS::DBCluster"), 7.0, "Properties", "BackupRetentionPeriod")
			})
			return c
		},
		ways: map[string]func(system){
			"the default of one day": func(s system) { delete(joining(s).props(), "BackupRetentionPeriod") },
			"a day less":             func(s system) { first(s).props()["BackupRetentionPeriod"] = 6 },
		},
	},
	"the shop connects to the DB instance of its region: a reader cluster's endpoint does not resolve": {
		check: func(s system) (c complaints) {
			s.each(func(where string, _ mode, _ config.Side, t template) {
				id, _ := t.one("AWS::RDS::DBInstance")
				endpoint := "${" + id + ".Endpoint.Address}"
				c.unless(render(at(t.section("Outputs"), "DatabaseEndpoint", "Value")) == endpoint, "%s: output", where)
				for _, server := range t.of("AWS::EC2::Instance") {
					userData := render(at(server.props(), "UserData", "Fn::Base64"))
					c.unless(strings.Contains(userData, "DB_HOST="+endpoint+"\n"), "%s: the server gets another host", where)
				}
			})
			return c
		},
		ways: map[string]func(system){
			"the cluster's endpoint": func(s system) {
				id, _ := s[atHome][config.Primary].one("AWS::RDS::DBCluster")
				s[atHome][config.Primary].section("Outputs")["DatabaseEndpoint"] = map[string]any{
					"Value": map[string]any{"Fn::GetAtt": []any{id, "Endpoint.Address"}}}
			},
			"a server that gets no user data": func(s system) {
				_, server := s[failover][config.Secondary].one("AWS::EC2::Instance")
				delete(server.props(), "UserData")
			},
		},
	},
	"what holds data, or a role, keeps its logical id: another id is another resource, and an empty one": {
		check: func(s system) (c complaints) {
			s.each(func(where string, _ mode, side config.Side, t template) {
				for id, kind := range pinned[side] {
					c.unless(at(t.section("Resources"), id, "Type") == kind, "%s: %s is no longer %s", where, kind, id)
				}
				for id, r := range t.of(kindsOf(pinned[side])...) {
					c.unless(pinned[side][id] != "", "%s: %s %s is not in the list", where, r.kind(), id)
				}
			})
			return c
		},
		ways: map[string]func(system){
			"a renamed cluster": func(s system) { rename(s[atHome][config.Primary], "AWS::RDS::DBCluster") },
			"a renamed role":    func(s system) { rename(s[failover][config.Secondary], "Custom::RegionRole") },
			"a second bucket": func(s system) {
				s[planned][config.Secondary].section("Resources")["More"] = map[string]any{"Type": "AWS::S3::Bucket"}
			},
		},
	},
}

// pinned are the logical ids that must never change, with their types. Edit this list only to replace
// the resource, after reading what happens to its content.
var pinned = map[config.Side]map[string]string{
	config.Primary: {
		idOf("Network/Vpc/Resource"):               "AWS::EC2::VPC",
		idOf("Database/Subnets"):                   "AWS::RDS::DBSubnetGroup",
		idOf("Database/Key/Resource"):              "AWS::KMS::Key",
		idOf("Database/Global"):                    "AWS::RDS::GlobalCluster",
		idOf("Database/Secret/Resource"):           "AWS::SecretsManager::Secret",
		idOf("Database/Cluster/Resource"):          "AWS::RDS::DBCluster",
		idOf("Database/Cluster/Instance/Resource"): "AWS::RDS::DBInstance",
		idOf("Site/Bucket/Resource"):               "AWS::S3::Bucket",
		idOf("Teardown/Resource"):                  "Custom::Teardown",
		idOf("RegionRole/Resource"):                "Custom::RegionRole",
		idOf("PublishedImage/Resource"):            "Custom::PublishedImage",
		idOf("PublishedImage/Images"):              "Custom::Images",
	},
	config.Secondary: {
		idOf("Network/Vpc/Resource"):  "AWS::EC2::VPC",
		idOf("Database/Subnets"):      "AWS::RDS::DBSubnetGroup",
		idOf("Database/Key/Resource"): "AWS::KMS::Key",
		idOf("Database/Cluster"):      "AWS::RDS::DBCluster",
		idOf("Database/Instance"):     "AWS::RDS::DBInstance",
		idOf("Site/Bucket/Resource"):  "AWS::S3::Bucket",
		idOf("Teardown/Resource"):     "Custom::Teardown",
		idOf("RegionRole/Resource"):   "Custom::RegionRole",
	},
}

func kindsOf(ids map[string]string) (kinds []string) {
	for _, id := range keys(ids) {
		kinds = append(kinds, ids[id])
	}
	return kinds
}

// rename gives the only resource of a type another logical id.
func rename(t template, kind string) {
	id, r := t.one(kind)
	delete(t.section("Resources"), id)
	t.section("Resources")[id+"2"] = map[string]any(r)
}

// first is the cluster that joins the global cluster first.
func first(s system) resource {
	_, cluster := s[atHome][config.Primary].one("AWS::RDS::DBCluster")
	return cluster
}

// joining is the cluster that joins second, as a reader.
func joining(s system) resource {
	_, cluster := s[atHome][config.Secondary].one("AWS::RDS::DBCluster")
	return cluster
}

func global(s system) resource {
	_, g := s[atHome][config.Primary].one("AWS::RDS::GlobalCluster")
	return g
}
