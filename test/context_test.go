package test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"unishop-pilot-light/internal/config"
)

// change is what a key of the context does to the templates.
type change struct{ Plain, Changed system }

// TestPromisesOfTheContext shows what each key reaches, and that it reaches nothing else.
func TestPromisesOfTheContext(t *testing.T) {
	plain := synthesizeSystem(t, nil)
	for _, c := range []struct {
		context  map[string]any
		promises map[string]promiseOn[change]
		release  map[string]promiseOn[change]
	}{
		{map[string]any{"name": "staging"}, namePromises, otherRelease},
		{map[string]any{"protect": "true"}, protectPromises, otherRelease},
		{map[string]any{"server-zone": "2", "server-class": "m7i.large"}, serverPromises, sameRelease},
		{map[string]any{"primary-zones": "us-east-1b,us-east-1c", "secondary-zones": "us-west-1b,us-west-1c"}, zonePromises, otherRelease},
		{map[string]any{"database-class": "db.r7g.xlarge"}, databaseClassPromises, otherRelease},
		{map[string]any{"engine-version": "8.0.mysql_aurora.3.10.5"}, enginePromises, otherRelease},
		{map[string]any{"reconcile": "14:05"}, reconcilePromises, sameRelease},
		{map[string]any{"artifact": "s3://releases/unishop-2.tar.gz"}, artifactPromises, otherRelease},
		{map[string]any{"tags": map[string]any{"owner": "shop team"}}, tagPromises, sameRelease},
		{map[string]any{"image-date": "2026-12-01"}, artifactPromises, otherRelease},
		{map[string]any{"server-image": "previous"}, serverImagePromises, sameRelease},
		{map[string]any{"objective-rto": "1h", "objective-rpo": "1s"}, objectivePromises, sameRelease},
	} {
		hold(t, change{plain, synthesizeSystem(t, c.context)}, c.promises, c.release)
	}
}

var namePromises = map[string]promiseOn[change]{
	"another name changes every explicit name, so that staging and production fit one account": {
		check: func(s change) (c complaints) {
			s.Plain.each(func(where string, m mode, side config.Side, t template) {
				for _, place := range explicitNames(t) {
					before, after := at(t.section("Resources"), place...), at(s.Changed[m][side].section("Resources"), place...)
					renamed := strings.Replace(fmt.Sprint(before), "unishop", "staging", 1)
					_, reference := before.(map[string]any)
					c.unless(reference || before != after && after == renamed, "%s: %v: %v, then %v", where, place, before, after)
				}
			})
			return c
		},
		ways: map[string]func(change){
			"one secret for both": func(s change) {
				_, secret := s.Changed[atHome][config.Primary].one("AWS::SecretsManager::Secret")
				secret.props()["Name"] = "unishop/database"
			},
			"one cluster for both": func(s change) {
				_, cluster := s.Changed[planned][config.Secondary].one("AWS::RDS::DBCluster")
				cluster.props()["DBClusterIdentifier"] = "unishop-secondary"
			},
			"one log group for both": func(s change) {
				s.Changed[planned][config.Primary].of("AWS::Logs::LogGroup")[idOf("Server/Logs/Resource")].props()["LogGroupName"] = "/unishop/server"
			},
		},
	},
	"with another name nothing is called unishop but what is inside the shop's image": {
		check: func(s change) (c complaints) {
			unused := slices.Clone(insideTheShop)
			s.Changed.each(func(where string, _ mode, _ config.Side, t template) {
				walk(map[string]any(t), "", func(path string, value any) {
					word, ok := value.(string)
					if !ok || !strings.Contains(word, "unishop") {
						return
					}
					inside := func(place string) bool { return strings.Contains(path, place) }
					c.unless(slices.ContainsFunc(insideTheShop, inside), "%s: %s is %q", where, path, word)
					unused = slices.DeleteFunc(unused, inside)
				})
				for id, server := range t.of("AWS::EC2::Instance") {
					facts := regexp.MustCompile(`(?m)^[A-Z_]+=.*$`).FindAllString(render(at(server.props(), "UserData", "Fn::Base64")), -1)
					c.unless(len(facts) > 0, "%s: %s gets no facts", where, id)
					for _, line := range facts {
						c.unless(!strings.Contains(line, "unishop"), "%s: %s gets %s", where, id, line)
					}
				}
			})
			for _, place := range unused {
				c.add("nothing needs the exception %s", place)
			}
			return c
		},
		ways: map[string]func(change){
			"a parameter of the other system's": func(s change) {
				s.Changed[failover][config.Secondary].section("Parameters")["Image"].(map[string]any)["Default"] = "/unishop/image"
			},
			"an instance that gets the other system's secret": func(s change) {
				_, server := s.Changed[atHome][config.Primary].one("AWS::EC2::Instance")
				server.props()["UserData"] = map[string]any{"Fn::Base64": "DB_SECRET_ID=unishop/database\n"}
			},
			"leave to read the other system's secret": func(s change) {
				statements := at(s.Changed[atHome][config.Primary].section("Resources"), idOf("Server/Role/Resource"), "Properties", "Policies", 0, "PolicyDocument", "Statement")
				list(statements)[0].(map[string]any)["Resource"] = "arn:aws:secretsmanager:us-east-1:111122223333:secret:unishop/database-??????"
			},
		},
	},
}

// insideTheShop are the places in which "unishop" is the shop and not the system: its database user, its files and units
// on the instance, and the bundle, whose name is given. What the instance gets as user data is checked separately.
var insideTheShop = []string{
	"/" + idOf("Database/Cluster/Resource") + "/Properties/MasterUsername",
	"/" + idOf("Database/Secret/Resource") + "/Properties/GenerateSecretString/SecretStringTemplate",
	"/Properties/UserData/",
	"/" + idOf("Image/Component") + "/Properties/Data",
	"/" + idOf("Image/BuildRole/Resource") + "/Properties/Policies/",
}

// explicitNames are the places in Resources where a name is given that CloudFormation would otherwise choose.
func explicitNames(t template) (places [][]any) {
	named := []string{"DBClusterIdentifier", "DBInstanceIdentifier", "GlobalClusterIdentifier", "LogGroupName", "Name", "BucketName",
		"RoleName", "FunctionName", "InstanceProfileName", "GroupName", "DBSubnetGroupName", "AliasName"}
	for _, id := range keys(t.section("Resources")) {
		for _, property := range named {
			if at(t.section("Resources"), id, "Properties", property) != nil {
				places = append(places, []any{id, "Properties", property})
			}
		}
	}
	return places
}

var protectPromises = map[string]promiseOn[change]{
	"protect turns on deletion protection and snapshots, keeps the key that opens them, and changes nothing else": {
		check: func(s change) (c complaints) {
			s.Changed.each(func(where string, m mode, side config.Side, t template) {
				c.all(where, t.of("AWS::RDS::GlobalCluster", "AWS::RDS::DBCluster"), true, "Properties", "DeletionProtection")
				kept := map[string]string{"AWS::RDS::DBCluster": "Snapshot", "AWS::KMS::Key": "Retain"}
				for kind, policy := range kept {
					_, r := t.one(kind)
					c.unless(r["DeletionPolicy"] == policy && r["UpdateReplacePolicy"] == policy, "%s: %s: %v, %v", where, kind, r["DeletionPolicy"], r["UpdateReplacePolicy"])
				}
				plain := s.Plain[m][side]
				for _, id := range differing(plain, t) {
					before, after := strip(plain, id), strip(t, id)
					c.unless(text(before) == text(after), "%s: %s changes", where, id)
				}
				_, instance := t.one("AWS::RDS::DBInstance")
				c.unless(instance["DeletionPolicy"] == "Delete", "%s: an Aurora instance has no separate snapshot", where)
			})
			return c
		},
		ways: map[string]func(change){
			"an open global cluster": func(s change) {
				_, g := s.Changed[atHome][config.Primary].one("AWS::RDS::GlobalCluster")
				g.props()["DeletionProtection"] = false
			},
			"an open reader": func(s change) {
				_, cluster := s.Changed[atHome][config.Secondary].one("AWS::RDS::DBCluster")
				delete(cluster.props(), "DeletionProtection")
			},
			"no snapshot": func(s change) {
				_, cluster := s.Changed[planned][config.Primary].one("AWS::RDS::DBCluster")
				cluster["UpdateReplacePolicy"] = "Delete"
			},
			"a snapshot that no one can decrypt": func(s change) {
				_, key := s.Changed[planned][config.Primary].one("AWS::KMS::Key")
				key["DeletionPolicy"] = "Delete"
			},
			"another class": func(s change) {
				_, instance := s.Changed[planned][config.Primary].one("AWS::RDS::DBInstance")
				instance.props()["DBInstanceClass"] = "db.r8g.large"
			},
			"a snapshot of an instance": func(s change) {
				_, instance := s.Changed[planned][config.Primary].one("AWS::RDS::DBInstance")
				instance["DeletionPolicy"] = "Snapshot"
			},
		},
	},
}

// strip is a resource without what protection is about.
func strip(t template, id string) resource {
	r := clone(resource(t.section("Resources")[id].(map[string]any)))
	delete(r, "DeletionPolicy")
	delete(r, "UpdateReplacePolicy")
	delete(r.props(), "DeletionProtection")
	return r
}

var serverPromises = map[string]promiseOn[change]{
	"the server's class and zone reach the instance, and the zone the next image's build: both can be changed on the failover command": {
		check: func(s change) (c complaints) {
			s.Changed.each(func(where string, m mode, side config.Side, t template) {
				want := keys(t.of("AWS::EC2::Instance", "AWS::ImageBuilder::InfrastructureConfiguration"))
				got := differing(s.Plain[m][side], t)
				c.unless(slices.Equal(got, want), "%s: %v", where, got)
				for id, builds := range t.of("AWS::ImageBuilder::InfrastructureConfiguration") {
					subnet := t.of("AWS::EC2::Subnet")[named(builds.props()["SubnetId"])]
					c.unless(at(subnet.props(), "AvailabilityZone", "Fn::Select", 0) == 1.0, "%s: zone of %s", where, id)
					undone := clone(builds)
					undone.props()["SubnetId"] = s.Plain[m][side].of(builds.kind())[id].props()["SubnetId"]
					c.unless(text(undone) == text(s.Plain[m][side].of(builds.kind())[id]), "%s: another property of %s", where, id)
				}
				for id, server := range t.of("AWS::EC2::Instance") {
					c.unless(server.props()["InstanceType"] == "m7i.large", "%s: type", where)
					c.unless(at(server.props(), "AvailabilityZone", "Fn::Select", 0) == 1.0, "%s: zone of %s", where, id)
					subnet := t.of("AWS::EC2::Subnet")[named(server.props()["SubnetId"])]
					c.unless(text(subnet.props()["AvailabilityZone"]) == text(server.props()["AvailabilityZone"]), "%s: subnet of %s", where, id)
				}
			})
			return c
		},
		ways: map[string]func(change){
			"a zone that is ignored": func(s change) {
				_, server := s.Changed[failover][config.Secondary].one("AWS::EC2::Instance")
				at(server.props(), "AvailabilityZone").(map[string]any)["Fn::Select"] = []any{0, map[string]any{"Fn::GetAZs": ""}}
			},
			"a class for the database": func(s change) {
				_, instance := s.Changed[failover][config.Secondary].one("AWS::RDS::DBInstance")
				instance.props()["DBInstanceClass"] = "db.m7i.large"
			},
			"an image that is built where there is no capacity": func(s change) {
				_, builds := s.Changed[atHome][config.Primary].one("AWS::ImageBuilder::InfrastructureConfiguration")
				_, before := s.Plain[atHome][config.Primary].one("AWS::ImageBuilder::InfrastructureConfiguration")
				builds.props()["SubnetId"] = before.props()["SubnetId"]
			},
			"another image build": func(s change) {
				_, builds := s.Changed[failover][config.Primary].one("AWS::ImageBuilder::InfrastructureConfiguration")
				builds.props()["InstanceTypes"] = []any{"m7i.large"}
			},
		},
	},
}

var zonePromises = map[string]promiseOn[change]{
	"zones that are named are those of the subnets, and nothing else of the database changes": {
		check: func(s change) (c complaints) {
			s.Changed.each(func(where string, m mode, side config.Side, t template) {
				found := map[any]int{}
				for _, subnet := range t.of("AWS::EC2::Subnet") {
					found[subnet.props()["AvailabilityZone"]]++
				}
				region := map[config.Side]string{config.Primary: "us-east-1", config.Secondary: "us-west-1"}[side]
				c.unless(found[region+"b"] == 2 && found[region+"c"] == 2, "%s: %v", where, found)
				c.unless(text(keys(t.section("Resources"))) == text(keys(s.Plain[m][side].section("Resources"))), "%s: other resources", where)
				c.unless(len(differing(t, s.Plain[m][side])) <= 5, "%s: %v", where, differing(t, s.Plain[m][side]))
			})
			return c
		},
		ways: map[string]func(change){
			"the first two": func(s change) {
				for id, subnet := range s.Changed[failover][config.Secondary].of("AWS::EC2::Subnet") {
					subnet.props()["AvailabilityZone"] = s.Plain[failover][config.Secondary].of("AWS::EC2::Subnet")[id].props()["AvailabilityZone"]
				}
			},
		},
	},
}

var databaseClassPromises = map[string]promiseOn[change]{
	"the database's class reaches the two DB instances alone": {
		check: func(s change) (c complaints) {
			s.Changed.each(func(where string, m mode, side config.Side, t template) {
				id, instance := t.one("AWS::RDS::DBInstance")
				c.unless(instance.props()["DBInstanceClass"] == "db.r7g.xlarge", "%s: %v", where, instance.props()["DBInstanceClass"])
				got := differing(s.Plain[m][side], t)
				c.unless(slices.Equal(got, []string{id}), "%s: %v", where, got)
			})
			return c
		},
		ways: map[string]func(change){
			"one region only": func(s change) {
				_, instance := s.Changed[atHome][config.Secondary].one("AWS::RDS::DBInstance")
				instance.props()["DBInstanceClass"] = "db.r6g.large"
			},
			"a class of the cluster": func(s change) {
				_, cluster := s.Changed[atHome][config.Secondary].one("AWS::RDS::DBCluster")
				cluster.props()["DBClusterInstanceClass"] = "db.r7g.xlarge"
			},
		},
	},
}

var enginePromises = map[string]promiseOn[change]{
	"the engine's version reaches the global cluster and both clusters, equally in every mode, and nothing else": {
		check: func(s change) (c complaints) {
			s.Changed.each(func(where string, m mode, side config.Side, t template) {
				databases := t.of("AWS::RDS::GlobalCluster", "AWS::RDS::DBCluster")
				c.all(where, databases, "8.0.mysql_aurora.3.10.5", "Properties", "EngineVersion")
				got := differing(s.Plain[m][side], t)
				c.unless(slices.Equal(got, keys(databases)), "%s: %v", where, got)
			})
			return c
		},
		ways: map[string]func(change){
			"a reader of another version": func(s change) {
				_, cluster := s.Changed[failover][config.Secondary].one("AWS::RDS::DBCluster")
				cluster.props()["EngineVersion"] = "8.0.mysql_aurora.3.10.4"
			},
		},
	},
}

var artifactPromises = map[string]promiseOn[change]{
	"another release of the shop changes how the image is made, and nothing of the pilot light": {
		check: func(s change) (c complaints) {
			s.Changed.each(func(where string, m mode, side config.Side, t template) {
				for _, id := range differing(s.Plain[m][side], t) {
					owner := id == idOf("PublishedImage/Images")
					c.unless(side == config.Primary && (strings.HasPrefix(id, "Image") || owner), "%s: %s", where, id)
				}
				for id, recipe := range t.of("AWS::ImageBuilder::ImageRecipe") {
					before := at(s.Plain[m][side].section("Resources"), id, "Properties", "Version")
					c.unless(recipe.props()["Version"] != before, "%s: the same image", where)
				}
			})
			return c
		},
		ways: map[string]func(change){
			"the same image": func(s change) {
				_, recipe := s.Changed[atHome][config.Primary].one("AWS::ImageBuilder::ImageRecipe")
				_, before := s.Plain[atHome][config.Primary].one("AWS::ImageBuilder::ImageRecipe")
				recipe.props()["Version"] = before.props()["Version"]
			},
			"a function of the pilot light's": func(s change) {
				for _, f := range s.Changed[atHome][config.Secondary].of("AWS::Lambda::Function") {
					f.props()["Description"] = "2"
				}
			},
		},
	},
}

var serverImagePromises = map[string]promiseOn[change]{
	"server-image changes the image of the active region's instance and what is published: nothing of a pilot light, nothing that is baked": {
		check: func(s change) (c complaints) {
			s.Changed.each(func(where string, m mode, side config.Side, t template) {
				want := keys(t.of("Custom::PublishedImage"))
				for id, instance := range t.of("AWS::EC2::Instance") {
					c.unless(named(instance.props()["ImageId"]) == "PreviousImage", "%s: boots %s", where, text(instance.props()["ImageId"]))
					want = append(want, id)
				}
				slices.Sort(want)
				got := differing(s.Plain[m][side], t)
				c.unless(slices.Equal(got, want), "%s: %v", where, got)
				for _, published := range t.of("Custom::PublishedImage") {
					c.unless(published.props()["Serves"] == "previous", "%s: serves %v", where, published.props()["Serves"])
				}
				if active(m, side) {
					c.unless(at(t.section("Parameters"), "PreviousImage", "Default") == "/unishop/image/previous", "%s: %s", where, text(t.section("Parameters")))
					c.unless(t.section("Parameters")["Image"] == nil, "%s: the CDK CLI would keep the value of Image", where)
				}
			})
			return c
		},
		ways: map[string]func(change){
			"another bake": func(s change) {
				_, recipe := s.Changed[atHome][config.Primary].one("AWS::ImageBuilder::ImageRecipe")
				recipe.props()["Version"] = "1.0.1"
			},
			"the current image": func(s change) {
				s.Changed[planned][config.Secondary].section("Parameters")["PreviousImage"].(map[string]any)["Default"] = "/unishop/image"
			},
			"a pilot light that does not follow": func(s change) {
				_, published := s.Changed[atHome][config.Primary].one("Custom::PublishedImage")
				published.props()["Serves"] = "current"
			},
			"an instance of the current image": func(s change) {
				id, _ := s.Changed[mirrored][config.Primary].one("AWS::EC2::Instance")
				s.Changed[mirrored][config.Primary].section("Resources")[id] = s.Plain[mirrored][config.Primary].section("Resources")[id]
			},
		},
	},
}

var reconcilePromises = map[string]promiseOn[change]{
	"reconcile changes one property of each custom resource that checks what it declares; in an unplanned failover, of the role alone": {
		check: func(s change) (c complaints) {
			s.Changed.each(func(where string, m mode, side config.Side, t template) {
				changed := t.of("Custom::RegionRole")
				if side == config.Primary && !unplanned(m) {
					changed = t.of("Custom::RegionRole", "Custom::PublishedImage")
				}
				got := differing(s.Plain[m][side], t)
				c.unless(slices.Equal(got, keys(changed)), "%s: %v", where, got)
				for id, r := range changed {
					before := resource(s.Plain[m][side].section("Resources")[id].(map[string]any))
					c.unless(r.props()["Reconcile"] == "14:05" && before.props()["Reconcile"] == "", "%s: %s: %v", where, id, r.props()["Reconcile"])
					undone := clone(r)
					undone.props()["Reconcile"] = ""
					c.unless(text(undone) == text(before), "%s: another property of %s changes", where, id)
				}
			})
			return c
		},
		ways: map[string]func(change){
			"nothing to see": func(s change) {
				_, role := s.Changed[atHome][config.Primary].one("Custom::RegionRole")
				delete(role.props(), "Reconcile")
			},
			"an image that is not checked": func(s change) {
				_, published := s.Changed[planned][config.Primary].one("Custom::PublishedImage")
				published.props()["Reconcile"] = ""
			},
			"a failover that asks the lost region": func(s change) {
				_, published := s.Changed[mirrored][config.Primary].one("Custom::PublishedImage")
				published.props()["Reconcile"] = "14:05"
			},
			"another role": func(s change) {
				_, role := s.Changed[atHome][config.Primary].one("Custom::RegionRole")
				role.props()["Role"] = "pilot-light"
			},
			"a function too": func(s change) {
				for _, f := range s.Changed[atHome][config.Primary].of("AWS::Lambda::Function") {
					f.props()["Description"] = "14:05"
				}
			},
		},
	},
}

var objectivePromises = map[string]promiseOn[change]{
	"objectives are the drill's alone: no template changes": {
		check: func(s change) (c complaints) {
			s.Changed.each(func(where string, m mode, side config.Side, t template) {
				c.unless(text(t) == text(s.Plain[m][side]), "%s: a template changes", where)
			})
			return c
		},
		ways: map[string]func(change){
			"an output": func(s change) {
				s.Changed[planned][config.Secondary].section("Outputs")["RTO"] = map[string]any{"Value": "1h"}
			},
		},
	},
}

var sameRelease = map[string]promiseOn[change]{
	"the same release: a command's choices of reconcile, class and zone are none of what it deploys": {
		check: func(s change) (c complaints) {
			s.Changed.each(func(where string, m mode, side config.Side, t template) {
				c.unless(t.release() == s.Plain[m][side].release(), "%s: %s, then %s", where, s.Plain[m][side].release(), t.release())
			})
			return c
		},
		ways: map[string]func(change){"another one": anotherRelease},
	},
}

var otherRelease = map[string]promiseOn[change]{
	"another release, in both stacks": {
		check: func(s change) (c complaints) {
			s.Changed.each(func(where string, m mode, side config.Side, t template) {
				c.unless(t.release() != s.Plain[m][side].release(), "%s: still %s", where, t.release())
			})
			return c
		},
		ways: map[string]func(change){"the same in one stack": func(s change) {
			s.Changed[atHome][config.Secondary].section("Outputs")["Release"] = s.Plain[atHome][config.Secondary].section("Outputs")["Release"]
		}},
	},
}

func anotherRelease(s change) {
	s.Changed[planned][config.Secondary].section("Outputs")["Release"] = map[string]any{"Value": "0123456789ab"}
}

// differing lists the resources that differ between two templates, in order.
func differing(a, b template) (ids []string) {
	before, after := a.section("Resources"), b.section("Resources")
	for _, id := range slices.Concat(keys(before), keys(after)) {
		if text(before[id]) != text(after[id]) && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// Image Builder refuses a known version with another content, and the qualifier of the CDK's bootstrap is part of the
// bucket that the document names.
func TestTheImagesVersionFollowsTheDocumentThatBakesIt(t *testing.T) {
	component := func(qualifier string) map[string]any {
		a := synthesize(t, map[string]any{"@aws-cdk/core:bootstrapQualifier": qualifier})
		var parsed template
		require.NoError(t, json.Unmarshal(a.text(t, config.Primary), &parsed))
		_, found := parsed.one("AWS::ImageBuilder::Component")
		return found.props()
	}
	one, other := component("hnb659fds"), component("other")
	require.NotEqual(t, text(one["Data"]), text(other["Data"]))
	require.NotEqual(t, one["Version"], other["Version"])
	require.Equal(t, one["Version"], component("hnb659fds")["Version"], "and follows nothing else")
}
