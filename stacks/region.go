package stacks

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	awsconstructs "github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"unishop-pilot-light/constructs"
	"unishop-pilot-light/internal/config"
)

// region is the stack of one region while it is put together: what both regions have, wired in the same way.
type region struct {
	cfg         config.Config
	own         config.Region
	stack       awscdk.Stack
	synthesizer awscdk.DefaultStackSynthesizer
	network     constructs.Network
	database    constructs.Database
	site        constructs.Site
	teardown    awscdk.CustomResource
}

// newRegion creates the stack with all that stands ready in both roles, but the server.
func newRegion(app awscdk.App, cfg config.Config, side config.Side) region {
	r := region{cfg: cfg, own: cfg.Region(side)}
	r.stack, r.synthesizer = newStack(app, cfg, side)
	r.network = constructs.NewNetwork(r.stack, "Network", constructs.NetworkProps{CIDR: r.own.CIDR, Zones: r.own.Zones})
	r.database = constructs.NewDatabase(r.stack, "Database", constructs.DatabaseProps{
		Names:           cfg.Names,
		Side:            side,
		Network:         r.network,
		PrimaryRegion:   cfg.Primary.Name,
		SecondaryRegion: cfg.Secondary.Name,
		EngineVersion:   cfg.EngineVersion,
		Class:           cfg.DatabaseClass,
		Protect:         cfg.Protect,
	})
	r.site = constructs.NewSite(r.stack, "Site")
	r.teardown = constructs.NewTeardown(r.stack, "Teardown", r.site)
	return r
}

// addServer adds the server that boots an image while the region is active, the region's role and the outputs. The role
// depends on everything before it, and on what else is named. It returns what proves that the image works: the region has
// its role, and the instance answers.
func (r region) addServer(imageID *string, before ...awsconstructs.IDependable) (proof []awsconstructs.IDependable) {
	server := constructs.NewServer(r.stack, "Server", constructs.ServerProps{
		Names:    r.cfg.Names,
		Network:  r.network,
		Database: r.database,
		Site:     r.site,
		Active:   r.own.Active(),
		ImageID:  imageID,
		Type:     r.cfg.ServerClass,
		Zone:     r.cfg.ServerZone,
		After:    []awsconstructs.IDependable{r.teardown},
	})
	r.database.AllowFrom(server)
	role := constructs.NewRegionRole(r.stack, "RegionRole", constructs.RegionRoleProps{
		Names:     r.cfg.Names,
		Own:       r.own,
		Other:     r.cfg.Region(r.own.Side.Other()),
		Reconcile: r.cfg.Reconcile,
		Attempt:   r.attempt(),
		Network:   r.network,
		Database:  r.database,
		Server:    server,
		After:     append([]awsconstructs.IDependable{r.teardown}, before...),
	})
	r.addOutputs(role, server)
	if r.own.Active() {
		proof = append(proof, server.Instance)
	}
	return append(proof, role)
}

// attempt is that of the activated region; the other one's declaration is a planned one.
func (r region) attempt() string {
	if r.own.Way == config.Failover {
		return r.cfg.Attempt
	}
	return config.Planned
}

// addOutputs shows people, and the role's function in the other region, what this stack is.
func (r region) addOutputs(role awscdk.CustomResource, server constructs.Server) {
	r.output("WebsiteURL", r.site.URL)
	r.output("DatabaseEndpoint", r.database.Host)
	r.output("Role", jsii.String(string(r.own.Role)))
	r.output("LastRoleChange", role.GetAttString(jsii.String("Done")))
	r.output("Release", &r.cfg.Release)
	if r.own.Active() {
		r.output("InstanceId", server.Instance.InstanceId())
	}
}

func (r region) output(name string, value *string) {
	awscdk.NewCfnOutput(r.stack, &name, &awscdk.CfnOutputProps{Value: value})
}
