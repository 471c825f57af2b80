package stacks

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	awsconstructs "github.com/aws/constructs-go/constructs/v10"

	"unishop-pilot-light/constructs"
	"unishop-pilot-light/internal/config"
)

// NewPrimary creates the stack of the primary's region: the parts that both regions have, and what is made here for
// both: the global cluster, the secret, and the golden image.
func NewPrimary(app awscdk.App, cfg config.Config) awscdk.Stack {
	stack, own := newStack(app, cfg, config.Primary), cfg.Primary

	network := constructs.NewNetwork(stack, "Network", constructs.NetworkProps{CIDR: own.CIDR})
	database := constructs.NewDatabase(stack, "Database", databaseProps(cfg, own, network))
	site := constructs.NewSite(stack, "Site")
	teardown := constructs.NewTeardown(stack, "Teardown", site)
	image := constructs.NewImage(stack, "Image", imageProps(stack, cfg, network))
	server := constructs.NewServer(stack, "Server", serverProps(cfg, network, database, site, teardown, bootedImage(own, image)))
	database.AllowFrom(server)
	role := constructs.NewRegionRole(stack, "RegionRole", roleProps(cfg, own, network, database, server, teardown, image.Resource))
	constructs.NewPublishedImage(stack, "PublishedImage", constructs.PublishedImageProps{
		Names: cfg.Names, Image: image, Region: cfg.Secondary.Name, After: proof(role, server),
	})

	addOutputs(stack, own, database, site, role, server)
	return stack
}

// bootedImage is the image itself: it is built in this region.
func bootedImage(own config.Region, image constructs.Image) *string {
	if !own.Active() {
		return nil
	}
	return image.ID
}

// proof is what shows that an image works: the region has its role, and the instance answers.
func proof(role awscdk.CustomResource, server constructs.Server) []awsconstructs.IDependable {
	if server.Instance == nil {
		return []awsconstructs.IDependable{role}
	}
	return []awsconstructs.IDependable{role, server.Instance}
}
