INSERT INTO unicorns (uuid, name, description, price, image) VALUES
    ('f1390205-85bb-5a1b-b591-01a0af12299c', 'Aurora', 'Wears the northern lights as a mane. Best seen after dark, far from street lamps.', 1250.00, 'aurora.svg'),
    ('36b0d02c-28c8-56c5-b64e-25478619273f', 'Basalt', 'Slow to start, impossible to stop. Warms the stable in winter.', 890.00, 'basalt.svg'),
    ('f5958bf7-9270-5392-9962-b5e74cd75887', 'Cirrus', 'Walks a hand''s breadth above the ground. Needs no shoes and leaves no tracks.', 1480.00, 'cirrus.svg'),
    ('36c1a71b-545f-5966-aaaf-6b94e1f3ae21', 'Dahlia', 'Blooms from July until the first frost. Allergic to nothing but vases.', 760.00, 'dahlia.svg'),
    ('24854d68-ade3-5c9d-b170-70d8cfddc9c7', 'Ember', 'Glows, never burns. Will light your way and, asked politely, your stove.', 990.00, 'ember.svg'),
    ('149ac0dc-2ae9-500c-ae3b-b3b6cb973b36', 'Fjord', 'Calm, deep and always a little cold. Swims better than it trots.', 1120.00, 'fjord.svg'),
    ('c25b486b-a648-5de8-9c72-f3d30c397905', 'Gossamer', 'So light that it sleeps on cobwebs. Handle with care and warm hands.', 1990.00, 'gossamer.svg'),
    ('131ca71f-0e69-51a9-9fc5-63c950fb17d0', 'Harvest', 'Rises before the sun and smells of bread. Paid in apples.', 640.00, 'harvest.svg'),
    ('6d545c9b-6fec-5d78-9b7f-f051e5ebcc53', 'Indigo', 'Knows every constellation by name and will tell you if you let it.', 1370.00, 'indigo.svg'),
    ('e9e23e99-defb-52ee-ac5f-793d900e6a75', 'Juniper', 'Lives where nothing else does. Asks for little, forgets nothing.', 580.00, 'juniper.svg'),
    ('0d416137-ef6c-5e41-8bcb-a4e21c951f9d', 'Kelpie', 'Comes with the tide. Keep it near water and mind your carpets.', 1060.00, 'kelpie.svg'),
    ('ef02596b-c700-5e40-9eca-946711e98488', 'Lantern', 'Finds the way home from anywhere, also when the lights are out.', 2150.00, 'lantern.svg')
ON DUPLICATE KEY UPDATE uuid = unicorns.uuid;
